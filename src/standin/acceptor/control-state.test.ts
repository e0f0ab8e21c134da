import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { newControlState } from "./control-state.ts";
import { clusterBranch } from "./test-cluster.ts";

const server = { pgVersion: 170_005, systemId: 42n };

describe("a new timeline", () => {
  it("SK-61: made by the control plane has term 0, and everything begins at its start", () => {
    const startLsn = 0x14ee150n;
    const control = newControlState({ ...clusterBranch, server, startLsn });
    assert.deepEqual([control.term, control.history], [0n, [{ term: 0n, lsn: startLsn }]]);
    for (const name of ["timelineStartLsn", "localStartLsn", "commitLsn", "peerHorizonLsn", "flushLsn"] as const) {
      assert.equal(control[name], startLsn, name);
    }
  });

  it("SK-60: made by a proposer has no history, no generation, and begins nowhere", () => {
    const control = newControlState({ ...clusterBranch, server, startLsn: 0n });
    assert.deepEqual([control.term, control.history, control.conf.generation], [0n, [], 0]);
    assert.equal(control.flushLsn, 0n);
  });
});
