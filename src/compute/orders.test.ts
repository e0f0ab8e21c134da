import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Config } from "../spec/types.ts";
import type { TerminateOrder } from "./control.ts";
import { configWith, derived, endless, never, plainly, renamed, running, until, world } from "./test-world.ts";

describe("terminate", () => {
  it("shuts Postgres down fast and answers with the final LSN (HTTP-51)", async () => {
    const { calls, statuses, make } = world();
    const compute = make(derived(configWith()));
    const code = compute.run();
    await until(() => statuses.includes("running"));
    assert.deepEqual(await compute.control.terminate(plainly("immediate")), { kind: "terminated", lsn: 0x16b3750n });
    assert.ok(calls.includes("stop"));
    assert.deepEqual(await compute.control.terminate(plainly("fast")), { kind: "already-terminated", lsn: 0x16b3750n });
    assert.equal(await code, 0);
    assert.deepEqual(statuses, ["init", "running", "termination_pending_immediate", "terminated"]);
  });

  it("answers with the reason when the final sync fails, and the process exits 1 (T-2)", async () => {
    const finalLsn = async (): Promise<never> => {
      throw new Error("no quorum");
    };
    const { statuses, make } = world({ storage: { finalLsn } });
    const compute = make(derived(configWith()));
    const code = compute.run();
    await until(() => statuses.includes("running"));
    assert.deepEqual(await compute.control.terminate(plainly("fast")), { kind: "failed", error: "no quorum" });
    assert.equal(await code, 1);
    assert.equal(statuses.at(-1), "failed");
  });

  it("is refused during the start", async () => {
    const { make } = world({ storage: { checkSafekeepers: endless } });
    const compute = make(derived(configWith()));
    const code = compute.run();
    assert.deepEqual(await compute.control.terminate(plainly("fast")), { kind: "refused", status: "init" });
    compute.interrupt(new Error("enough"));
    assert.equal(await code, 1);
  });
});

describe("/configure on a running compute", () => {
  it("rewrites the configuration, reloads, applies the catalog (CONF-44)", async () => {
    const { compute, calls, statuses, end } = await running();
    calls.length = 0;
    assert.equal((await compute.control.configure(renamed, { wait: true })).kind, "running");
    assert.deepEqual(calls, [
      "conf",
      "override 'neon.max_cluster_size=-1'",
      "reload",
      "catalog",
      "override ''",
      "reload",
    ]);
    assert.deepEqual(statuses.slice(2), ["configuration_pending", "configuration", "running"]);
    await end();
  });

  it("runs neither migrations nor the post-apply task again (APPLY-3)", async () => {
    const { compute, calls, end } = await running();
    await until(() => calls.includes("update neon"));
    const before = calls.length;
    await compute.control.configure(renamed, { wait: true });
    assert.ok(calls.slice(before).includes("catalog"));
    await end();
    assert.deepEqual(
      calls.filter((call) => call === "migrate" || call === "update neon"),
      ["migrate", "update neon"],
    );
  });

  it("a migration that fails does not fail the compute, and the post-apply task runs all the same (MIG-1)", async () => {
    const migrate = async (): Promise<void> => {
      throw new Error("no connection");
    };
    const { compute, calls, end } = await running({ catalog: { migrate } });
    await until(() => calls.includes("update neon"));
    assert.equal(compute.control.status().status, "running");
    await end();
  });

  it("only reloads when the catalog is to be skipped (LIFE-94)", async () => {
    const { compute, calls, end } = await running();
    calls.length = 0;
    const skipping = configWith((spec) => {
      spec["skip_pg_catalog_updates"] = true;
    });
    await compute.control.configure(skipping, { wait: true });
    assert.deepEqual(calls, ["conf", "reload"]);
    await end();
  });

  it("refuses to become another compute, and stays running (chapter 02 trap 14)", async () => {
    const { compute, end } = await running();
    const other = configWith((spec) => {
      spec["tenant_id"] = "ffffffffffffffffffffffffffffffff";
      spec["mode"] = "Replica";
    });
    const outcome = await compute.control.configure(other, { wait: true });
    assert.ok(outcome.kind === "underivable");
    assert.deepEqual(
      outcome.problems.map(({ path }) => path),
      ["spec.tenant_id", "spec.mode"],
    );
    assert.equal(compute.control.status().status, "running");
    await end();
  });

  it("goes to failed with the reason when it fails, and Postgres stays up (LIFE-27)", async () => {
    let fail = false;
    const apply = async (): Promise<void> => {
      if (fail) throw new Error("no such owner");
    };
    const { compute, calls, end } = await running({ catalog: { apply } });
    fail = true;
    assert.deepEqual(await compute.control.configure(renamed, { wait: true }), {
      kind: "failed",
      error: "no such owner",
    });
    assert.equal(compute.control.status().status, "failed");
    assert.ok(!calls.includes("stop"));
    await end();
  });
});

describe("an equal spec", () => {
  it("costs nothing, whatever operation it comes with (FIELD-10)", async () => {
    const { compute, calls, statuses, end } = await running();
    calls.length = 0;
    const again = configWith((spec) => {
      spec["operation_uuid"] = "another";
    });
    assert.equal((await compute.control.configure(again, { wait: true })).kind, "running");
    assert.deepEqual(calls, []);
    assert.deepEqual(statuses.slice(2), ["configuration_pending", "configuration", "running"]);
    await end();
  });

  it("is applied all the same after a spec in between failed, for half of that may be there (T-12)", async () => {
    let fail = false;
    const apply = async (): Promise<void> => {
      if (fail) throw new Error("no such owner");
    };
    const { compute, end } = await running({ catalog: { apply } });
    fail = true;
    await compute.control.configure(renamed, { wait: true });
    fail = false;
    assert.equal(compute.control.refresh().kind, "accepted");
    assert.equal((await compute.control.waitForStatus(["running"], 1_000, never)).status, "running");
    assert.equal(compute.control.status().error, null, "the error is cleared by success");
    await end();
  });
});

describe("operations", () => {
  it("are on record, with their outcome", async () => {
    const { compute, end } = await running();
    const outcome = await compute.control.configure(renamed, { wait: false });
    assert.ok(outcome.kind === "accepted");
    assert.equal(outcome.operation.state, "running");
    await compute.control.waitForStatus(["running"], 1_000, never);
    const records = compute.control.operations().map(({ kind, state }) => `${kind} ${state}`);
    assert.deepEqual(records, ["start succeeded", "configure succeeded"]);
    await end();
  });

  it("say why they failed", async () => {
    const { make } = world({ pgdata: { recreate: async () => Promise.reject(new Error("disk full")) } });
    const compute = make(derived(configWith()));
    assert.equal(await compute.run(), 1);
    const [start] = compute.control.operations();
    assert.equal(start?.error, "disk full");
  });
});

describe("a refresh", () => {
  const moved = configWith((spec) => {
    spec["pageserver_connstring"] = "postgresql://no_user@127.0.0.1:64001";
  });

  it("brings moved pageservers into force (LIFE-30, BASE-81)", async () => {
    const { compute, calls, end } = await running({ configSource: { load: async () => moved } });
    calls.length = 0;
    assert.deepEqual(compute.control.refresh(), { kind: "accepted" });
    await compute.control.waitForStatus(["running"], 1_000, never);
    assert.ok(calls.includes("reload"));
    await end();
  });

  it("does nothing when the pageservers are where they were", async () => {
    const { compute, calls, end } = await running();
    calls.length = 0;
    compute.control.refresh();
    await compute.control.waitForStatus(["running"], 1_000, never);
    assert.deepEqual(calls, []);
    await end();
  });

  it("keeps trying when the config cannot be had, and can be ended meanwhile (LIFE-31, T-10)", async () => {
    const load = async (): Promise<never> => Promise.reject(new Error("control plane down"));
    const { compute, end } = await running({ configSource: { load } });
    compute.control.refresh();
    assert.equal(compute.control.status().status, "refresh_configuration");
    assert.equal((await compute.control.terminate(plainly("immediate"))).kind, "terminated");
    await end();
  });

  it("ends the process, Postgres included, when the spec was withdrawn (LIFE-30, T-6)", async () => {
    const load = async (): Promise<Config> => ({ ...configWith(), spec: null });
    const { compute, calls, code } = await running({ configSource: { load } });
    compute.control.refresh();
    assert.equal(await code, 1);
    assert.ok(calls.includes("stop"));
  });

  it("is taken and forgotten during the first start, and refused after one that failed (LIFE-29, T-10)", async () => {
    const { make, store } = world({ pgdata: { recreate: async () => Promise.reject(new Error("disk full")) } });
    const compute = make(derived(configWith()));
    assert.deepEqual(compute.control.refresh(), { kind: "accepted" });
    const code = compute.run();
    await until(() => store.get().status === "failed");
    assert.deepEqual(compute.control.refresh(), { kind: "refused", status: "failed" });
    assert.equal(await code, 1);
  });
});

describe("a forced termination", () => {
  const forced: TerminateOrder = { mode: "fast", force: true, join: false };

  it("breaks a start that does not get on", async () => {
    const { make, statuses } = world({ storage: { checkSafekeepers: endless } });
    const compute = make(derived(configWith()));
    const code = compute.run();
    assert.deepEqual(await compute.control.terminate(forced), { kind: "terminated", lsn: null });
    assert.equal(await code, 1);
    assert.equal(statuses.at(-1), "terminated");
  });

  it("ends a compute whose reconfiguration failed (FIELD-11)", async () => {
    let fail = false;
    const apply = async (): Promise<void> => {
      if (fail) throw new Error("no such owner");
    };
    const { compute, code } = await running({ catalog: { apply } });
    fail = true;
    await compute.control.configure(renamed, { wait: true });
    assert.deepEqual(await compute.control.terminate(plainly("fast")), { kind: "refused", status: "failed" });
    assert.equal((await compute.control.terminate(forced)).kind, "terminated");
    assert.equal(await code, 0);
  });
});

describe("a second /terminate", () => {
  it("joins the first when it asks to, and is refused otherwise (HTTP-48)", async () => {
    const { promise: lsn, resolve } = Promise.withResolvers<bigint>();
    const { compute, code } = await running({ storage: { finalLsn: async () => ({ lsn: await lsn, syncMs: null }) } });
    const first = compute.control.terminate(plainly("immediate"));
    const joined = compute.control.terminate({ mode: "fast", force: false, join: true });
    assert.deepEqual(await compute.control.terminate(plainly("fast")), {
      kind: "refused",
      status: "termination_pending_immediate",
    });
    resolve(7n);
    assert.deepEqual(await first, { kind: "terminated", lsn: 7n });
    assert.deepEqual(await joined, { kind: "terminated", lsn: 7n });
    assert.equal(await code, 0);
  });
});
