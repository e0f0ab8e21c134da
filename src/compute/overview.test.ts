import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DriftView } from "../catalog/view.ts";
import { derived, plainly, renamed, running, until, world } from "./test-world.ts";

describe("the overview that the status page is made of (HTTP-83)", () => {
  it("knows nothing of a compute without a spec", () => {
    const { make } = world();
    assert.deepEqual(make(null).control.overview(), {
      spec: null,
      isInForce: false,
      postgresPid: null,
      startLsn: null,
      endLsn: null,
      drift: null,
    });
  });

  it("knows the spec in force, the process, and where the data began", async () => {
    const drift: DriftView = { checkedAt: new Date(5), phases: [{ name: "roles", steps: 1 }] };
    const { compute, end } = await running({ catalog: { drift: () => drift } });
    const { spec, ...others } = compute.control.overview();
    assert.equal(spec?.tenantId, compute.control.status().tenant);
    assert.deepEqual(others, { isInForce: true, postgresPid: 42, startLsn: 0x16b3748n, endLsn: null, drift });
    await end();
  });

  it("has no spec in force while another one is brought there, and none after that failed", async () => {
    const hold = Promise.withResolvers<void>();
    let applies = 0;
    const apply = async (): Promise<void> => {
      applies += 1;
      if (applies > 1) await hold.promise;
    };
    const { compute, end } = await running({ catalog: { apply } });
    const configured = compute.control.configure(renamed, { wait: true });
    await until(() => applies === 2);
    const { isInForce, spec } = compute.control.overview();
    assert.deepEqual([isInForce, spec?.spec.projectId], [false, "renamed"]);
    hold.reject(new Error("no room"));
    assert.equal((await configured).kind, "failed");
    assert.equal(compute.control.overview().isInForce, false);
    await end();
  });

  it("tells of no process once Postgres has ended, but of where its WAL did", async () => {
    const { compute, code } = await running();
    await compute.control.terminate(plainly("fast"));
    const { postgresPid, endLsn } = compute.control.overview();
    assert.deepEqual([postgresPid, endLsn], [null, 0x16b3750n]);
    await code;
  });

  it("tells a replica's start by zero, which stands for the newest", async () => {
    const { make, statuses, exit } = world();
    const { spec, ...rest } = derived(renamed);
    const compute = make({ ...rest, spec: { ...spec, mode: { kind: "replica" } } });
    const code = compute.run();
    await until(() => statuses.includes("running"));
    assert.equal(compute.control.overview().startLsn, 0n);
    exit({ code: 0, text: "exit status: 0" });
    await code;
  });
});
