import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { computeStatuses, statusText } from "./status.ts";
import { statusDiagram } from "./status-diagram.ts";
import { type ComputeEvent, computeEvents, nextStatus } from "./transitions.ts";

describe("the status machine (LIFE-41)", () => {
  it("is drawn in the docs as it is (run scripts/status-diagram.ts after a change)", () => {
    const document = readFileSync(new URL("../../docs/status-machine.md", import.meta.url), "utf8");
    assert.ok(document.includes(`\`\`\`mermaid\n${statusDiagram()}\n\`\`\``));
  });

  it("goes from the first spec to running, and to the end", () => {
    assert.equal(nextStatus("empty", "configure"), "configuration_pending");
    assert.equal(nextStatus("configuration_pending", "start"), "init");
    assert.equal(nextStatus("init", "started"), "running");
    assert.equal(nextStatus("running", "terminate-immediate"), "termination_pending_immediate");
    assert.equal(nextStatus("termination_pending_immediate", "postgres-ended"), "terminated");
  });

  it("accepts each request only where LIFE-41 says, and /terminate also while refreshing (T-10)", () => {
    const acceptedIn = (event: ComputeEvent): readonly string[] =>
      computeStatuses.filter((status) => nextStatus(status, event) !== "refused");
    assert.deepEqual(acceptedIn("configure"), ["empty", "running"]);
    assert.deepEqual(acceptedIn("refresh"), ["running", "failed", "refresh_configuration_pending"]);
    for (const event of ["terminate-fast", "terminate-immediate"] as const) {
      assert.deepEqual(acceptedIn(event), ["running", "refresh_configuration_pending", "refresh_configuration"]);
    }
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
