import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DerivedSpec } from "../spec/types.ts";
import { configWith, derived, endless, running, until, world } from "./test-world.ts";

describe("the activity monitor (MON-1, MON-3)", () => {
  it("begins once, when the compute has just become running, and is told to end when Postgres has ended", async () => {
    const { calls, statuses, end } = await running();
    assert.deepEqual(calls.filter((call) => call === "watch activity").length, 1);
    assert.ok(calls.indexOf("watch activity") > calls.indexOf("catalog"));
    assert.equal(statuses.at(-1), "running");
    await end();
    assert.deepEqual(
      calls.filter((call) => call.includes("activity")),
      ["watch activity", "activity ends"],
    );
  });

  it("does not begin when the start fails", async () => {
    const made = world({ catalog: { apply: () => Promise.reject(new Error("no")) } });
    await made.make(derived(configWith())).run();
    assert.equal(made.calls.includes("watch activity"), false);
  });
});

describe("a compute with a spec at start", () => {
  it("goes through init and running in the order of LIFE-12, CONF-1 and APPLY-2, migrations and post-apply task (APPLY-50) last, and ends with Postgres's code", async () => {
    const { calls, statuses, make, exit } = world();
    const compute = make(derived(configWith()));
    assert.equal(compute.control.status().status, "init", "nobody must ever see `empty` (LIFE-5)");
    const code = compute.run();
    await until(() => statuses.includes("running"));
    exit({ code: 3, text: "exit status: 3" });
    assert.equal(await code, 3);
    assert.deepEqual(calls, [
      "recreate",
      "conf",
      "basebackup 16b3748",
      "finish",
      "override 'neon.max_cluster_size=-1'",
      "postgres",
      "catalog",
      "override ''",
      "reload",
      "watch activity",
      "migrate",
      "update neon",
      "activity ends",
    ]);
  });

  it("keeps its figures (LIFE-65)", async () => {
    const { statuses, make, exit, store } = world();
    const code = make(derived(configWith())).run();
    await until(() => statuses.includes("running"));
    assert.equal(store.get().metrics.basebackup_bytes, 3);
    assert.equal(store.get().metrics.pageserver_connect_micros, 1);
    exit({ code: 0, text: "exit status: 0" });
    await code;
  });

  it("does a full sync when the quorum check does not agree, and starts from its LSN (LIFE-14)", async () => {
    const { calls, statuses, make, exit } = world({ storage: { checkSafekeepers: async () => undefined } });
    const code = make(derived(configWith())).run();
    await until(() => statuses.includes("running"));
    assert.ok(calls.includes("basebackup 17"));
    exit({ code: 0, text: "exit status: 0" });
    await code;
  });

  it("asks a replica's storage for the newest, and leaves its catalog alone (LIFE-21)", async () => {
    const config = configWith((spec) => {
      spec["mode"] = "Replica";
    });
    const { calls, statuses, make, exit } = world();
    const code = make(derived(config)).run();
    await until(() => statuses.includes("running"));
    assert.ok(calls.includes("basebackup 0"));
    assert.ok(!calls.includes("catalog"));
    exit({ code: 0, text: "exit status: 0" });
    await code;
  });

  it("fails with the chain of causes in its status, stops Postgres, and exits 1 (LIFE-38, T-4, CONF-3)", async () => {
    const apply = async (): Promise<void> => {
      throw new Error("outer", { cause: new Error("inner") });
    };
    const { calls, statuses, make, store } = world({ catalog: { apply } });
    assert.equal(await make(derived(configWith())).run(), 1);
    assert.deepEqual(statuses, ["init", "failed"]);
    assert.equal(store.view().error, "outer\n\nCaused by:\n    inner");
    assert.ok(calls.includes("quit"));
    assert.ok(calls.includes("override ''"), "the size limit must be back in force (CONF-T7)");
  });

  it("notices at once when Postgres dies while the catalog is applied (LIFE-18)", async () => {
    const apply = (spec: DerivedSpec, _concurrency: number, signal: AbortSignal): Promise<never> =>
      endless(spec, signal);
    const { make, store, exit, statuses } = world({ catalog: { apply } });
    const code = make(derived(configWith())).run();
    exit({ code: null, text: "signal: 9 (SIGKILL)" });
    assert.equal(await code, 1);
    assert.deepEqual(statuses, ["init", "failed"]);
    assert.match(store.view().error ?? "", /Postgres ended while the catalog was applied \(signal: 9/);
  });
});

describe("an empty compute", () => {
  it("starts with the spec that /configure brings, and answers when it runs (HTTP-40)", async () => {
    const { statuses, make, exit } = world();
    const compute = make(null);
    const code = compute.run();
    const outcome = await compute.control.configure(configWith(), { wait: true });
    assert.equal(outcome.kind, "running");
    assert.deepEqual(statuses, ["configuration_pending", "init", "running"]);
    exit({ code: 0, text: "exit status: 0" });
    assert.equal(await code, 0);
  });

  it("tells the caller of /configure why the start failed (HTTP-41)", async () => {
    const recreate = async (): Promise<void> => {
      throw new Error("disk full");
    };
    const { make } = world({ pgdata: { recreate } });
    const compute = make(null);
    const code = compute.run();
    assert.deepEqual(await compute.control.configure(configWith(), { wait: true }), {
      kind: "failed",
      error: "disk full",
    });
    assert.equal(await code, 1);
  });

  it("refuses a second /configure meanwhile, with the status of that moment (HTTP-42)", async () => {
    const { make } = world({ storage: { checkSafekeepers: endless } });
    const compute = make(null);
    const code = compute.run();
    void compute.control.configure(configWith(), { wait: true });
    const second = await compute.control.configure(configWith(), { wait: true });
    assert.equal(second.kind, "refused");
    compute.interrupt(new Error("enough"));
    assert.equal(await code, 1);
  });
});

describe("the timeline", () => {
  it("holds the phases of the start and every change of status", async () => {
    const { compute, end } = await running();
    const { phases, changes } = compute.control.timeline();
    assert.deepEqual(
      phases.map(({ name }) => name),
      [
        "prepare_pgdata",
        "recreate_pgdata",
        "check_safekeepers_synced",
        "get_basebackup",
        "finish_pgdata",
        "start_postgres",
        "configure_as_primary",
      ],
    );
    assert.ok(phases.every(({ endMs }) => endMs !== null));
    assert.deepEqual(
      changes.map(({ status }) => status),
      ["empty", "init", "running"],
    );
    await end();
  });
});

describe("the warm-up", () => {
  it("runs while an empty compute waits, and gives way to the first spec (LIFE-4)", async () => {
    const seen: string[] = [];
    const warmUp = async (signal: AbortSignal): Promise<void> => {
      seen.push("began");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      seen.push("gave way");
    };
    const { make, exit } = world({ postgres: { warmUp } });
    const compute = make(null);
    const code = compute.run();
    await compute.control.configure(configWith(), { wait: true });
    assert.deepEqual(seen, ["began", "gave way"]);
    exit({ code: 0, text: "exit status: 0" });
    assert.equal(await code, 0);
  });
});

describe("lakebase's start limit", () => {
  it("ends the process with 1 when the compute is not running in time (LIFE-74)", async () => {
    const { make } = world({ storage: { checkSafekeepers: endless } }, { startMsMax: 5 });
    assert.equal(await make(derived(configWith())).run(), 1);
  });
});

describe("a signal", () => {
  it("shuts Postgres down and ends with 1, without a final sync (LIFE-36)", async () => {
    let synced = false;
    const finalLsn = async () => {
      synced = true;
      return { lsn: null, syncMs: null };
    };
    const { calls, statuses, make } = world({ storage: { finalLsn } });
    const compute = make(derived(configWith()));
    const code = compute.run();
    await until(() => statuses.includes("running"));
    compute.interrupt(new Error("received 15 termination signal"));
    assert.equal(await code, 1);
    assert.ok(calls.includes("stop"));
    assert.equal(synced, false);
  });

  it("breaks a wait for a spec", async () => {
    const { make } = world();
    const compute = make(null);
    const code = compute.run();
    compute.interrupt(new Error("received 2 termination signal"));
    assert.equal(await code, 1);
  });
});
