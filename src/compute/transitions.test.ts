import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computeStatuses, statusText } from "./status.ts";
import { allowedTransitions, computeEvents, nextStatus } from "./transitions.ts";

describe("the status machine (LIFE-41)", () => {
  it("allows exactly these transitions", () => {
    assert.deepEqual(
      allowedTransitions().map(({ from, event, to }) => `${from} --${event}--> ${to}`),
      [
        "empty --spec-known--> init",
        "empty --configure--> configuration_pending",
        "configuration_pending --start--> init",
        "configuration_pending --reconfigure--> configuration",
        "init --started--> running",
        "init --start-failed--> failed",
        "running --configure--> configuration_pending",
        "running --terminate-fast--> termination_pending_fast",
        "running --terminate-immediate--> termination_pending_immediate",
        "configuration --reconfigured--> running",
        "configuration --reconfigure-failed--> failed",
        "termination_pending_fast --postgres-ended--> terminated",
        "termination_pending_fast --final-sync-failed--> failed",
        "termination_pending_immediate --postgres-ended--> terminated",
        "termination_pending_immediate --final-sync-failed--> failed",
      ],
    );
  });

  it("has a cell for every status and event", () => {
    for (const status of computeStatuses) {
      for (const event of computeEvents) assert.notEqual(nextStatus(status, event), undefined, `${status} ${event}`);
    }
  });

  it("never leaves terminated", () => {
    for (const event of computeEvents) assert.equal(nextStatus("terminated", event), "refused");
  });

  it("writes statuses with hyphens in logs and labels (LIFE-40)", () => {
    assert.equal(statusText("termination_pending_fast"), "termination-pending-fast");
  });
});
