import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { Log } from "../base/log.ts";
import { decodeConfig } from "../spec/decode.ts";
import { deriveSpec } from "../spec/derive.ts";
import type { Config, DerivedSpec } from "../spec/types.ts";
import { type Compute, createCompute } from "./lifecycle.ts";
import type { ComputePorts, ComputeSettings, PostgresExit, PostgresProcess } from "./ports.ts";
import { createStore } from "./store.ts";

const minimal = readFileSync(new URL("../../test/fixtures/minimal.config.json", import.meta.url), "utf8");

function configWith(change: (spec: Record<string, unknown>) => void = () => {}): Config {
  const document = JSON.parse(minimal);
  change(document.spec);
  const decoded = decodeConfig(JSON.stringify(document), { source: "file" });
  assert.ok(decoded.ok);
  return decoded.value;
}

function derived(config: Config): DerivedSpec {
  assert.ok(config.spec !== null);
  const result = deriveSpec(config.spec);
  assert.ok(result.ok);
  return result.value;
}

const settings: ComputeSettings = {
  pgdata: "/nowhere",
  privilegedRoleName: "neon_superuser",
  internalHttpPort: 3081,
  lakebasePort: null,
  tls: null,
  overcommitMemory: null,
  platform: "linux",
  lingerMs: { long: 20, short: 1 },
};

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, span: () => silent };

/** A world of doubles: every call is noted in `calls`, and `overrides` replaces what a test wants to go otherwise. */
function world(overrides: { readonly [K in keyof ComputePorts]?: Partial<ComputePorts[K]> } = {}) {
  const calls: string[] = [];
  const exited = Promise.withResolvers<PostgresExit>();
  const end = (how: string) => async (): Promise<void> => {
    calls.push(how);
    exited.resolve({ code: 0, text: "exit status: 0" });
  };
  const postgres: PostgresProcess = {
    pid: 42,
    ready: Promise.resolve(),
    exited: exited.promise,
    reload: () => void calls.push("reload"),
    stop: end("stop"),
    quit: end("quit"),
  };
  const note = (call: string) => async (): Promise<void> => {
    calls.push(call);
  };
  const doubles: ComputePorts = {
    log: silent,
    clock: { now: () => new Date(0), monotonicMs: () => 0 },
    server: { major: 17, hasLibrary: () => true, ...overrides.server },
    pgdata: {
      recreate: note("recreate"),
      writeConf: note("conf"),
      copyTlsFiles: note("tls"),
      finish: note("finish"),
      writeOverride: async (text) => void calls.push(`override '${text}'`),
      ...overrides.pgdata,
    },
    storage: {
      checkSafekeepers: async () => 0x16b3748n,
      syncSafekeepers: async () => 0x17n,
      finalLsn: async () => 0x16b3750n,
      fetchBasebackup: async (_spec, lsn) => {
        calls.push(`basebackup ${lsn.toString(16)}`);
        return { connectMicros: 1.5, basebackupMs: 2.5, bytes: 3 };
      },
      ...overrides.storage,
    },
    postgres: {
      start: async () => {
        calls.push("postgres");
        return postgres;
      },
      warmSession() {},
      ...overrides.postgres,
    },
    catalog: { apply: note("catalog"), ...overrides.catalog },
  };
  const statuses: string[] = [];
  const store = createStore(new Date(0), (_before, after) => statuses.push(after));
  const make = (spec: DerivedSpec | null): Compute => createCompute(doubles, settings, store, spec);
  return { calls, statuses, store, make, exit: exited.resolve, postgres };
}

/** Work that only ends when it is cancelled. */
function endless(_spec: DerivedSpec, signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe("a compute with a spec at start", () => {
  it("goes through init and running in the order of LIFE-12, and ends with Postgres's code", async () => {
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

  it("fails with the chain of causes in its status, stops Postgres, and exits 1 (LIFE-38, T-4)", async () => {
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

describe("terminate", () => {
  it("shuts Postgres down fast and answers with the final LSN (HTTP-51)", async () => {
    const { calls, statuses, make } = world();
    const compute = make(derived(configWith()));
    const code = compute.run();
    await until(() => statuses.includes("running"));
    assert.deepEqual(await compute.control.terminate("immediate"), { kind: "terminated", lsn: 0x16b3750n });
    assert.ok(calls.includes("stop"));
    assert.deepEqual(await compute.control.terminate("fast"), { kind: "already-terminated", lsn: 0x16b3750n });
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
    assert.deepEqual(await compute.control.terminate("fast"), { kind: "failed", error: "no quorum" });
    assert.equal(await code, 1);
    assert.equal(statuses.at(-1), "failed");
  });

  it("is refused during the start", async () => {
    const { make } = world({ storage: { checkSafekeepers: endless } });
    const compute = make(derived(configWith()));
    const code = compute.run();
    assert.deepEqual(await compute.control.terminate("fast"), { kind: "refused", status: "init" });
    compute.interrupt(new Error("enough"));
    assert.equal(await code, 1);
  });
});

describe("an empty compute", () => {
  it("starts with the spec that /configure brings, and answers when it runs (HTTP-40)", async () => {
    const { statuses, make, exit } = world();
    const compute = make(null);
    const code = compute.run();
    const outcome = await compute.control.configure(configWith());
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
    assert.deepEqual(await compute.control.configure(configWith()), { kind: "failed", error: "disk full" });
    assert.equal(await code, 1);
  });

  it("refuses a second /configure meanwhile, with the status of that moment (HTTP-42)", async () => {
    const { make } = world({ storage: { checkSafekeepers: endless } });
    const compute = make(null);
    const code = compute.run();
    void compute.control.configure(configWith());
    const second = await compute.control.configure(configWith());
    assert.equal(second.kind, "refused");
    compute.interrupt(new Error("enough"));
    assert.equal(await code, 1);
  });
});

describe("/configure on a running compute", () => {
  async function running(overrides: Parameters<typeof world>[0] = {}) {
    const made = world(overrides);
    const compute = made.make(derived(configWith()));
    const code = compute.run();
    await until(() => made.statuses.includes("running"));
    const end = async (): Promise<void> => {
      made.exit({ code: 0, text: "exit status: 0" });
      await code;
    };
    return { ...made, compute, end };
  }

  it("rewrites the configuration, reloads, applies the catalog (CONF-44)", async () => {
    const { compute, calls, statuses, end } = await running();
    calls.length = 0;
    assert.equal((await compute.control.configure(configWith())).kind, "running");
    assert.deepEqual(calls, [
      "conf",
      "reload",
      "override 'neon.max_cluster_size=-1'",
      "reload",
      "catalog",
      "override ''",
      "reload",
    ]);
    assert.deepEqual(statuses.slice(2), ["configuration_pending", "configuration", "running"]);
    await end();
  });

  it("only reloads when the catalog is to be skipped (LIFE-94)", async () => {
    const { compute, calls, end } = await running();
    calls.length = 0;
    const skipping = configWith((spec) => {
      spec["skip_pg_catalog_updates"] = true;
    });
    await compute.control.configure(skipping);
    assert.deepEqual(calls, ["conf", "reload"]);
    await end();
  });

  it("refuses to become another compute, and stays running", async () => {
    const { compute, end } = await running();
    const other = configWith((spec) => {
      spec["tenant_id"] = "ffffffffffffffffffffffffffffffff";
      spec["mode"] = "Replica";
    });
    const outcome = await compute.control.configure(other);
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
    assert.deepEqual(await compute.control.configure(configWith()), { kind: "failed", error: "no such owner" });
    assert.equal(compute.control.status().status, "failed");
    assert.ok(!calls.includes("stop"));
    await end();
  });
});

describe("a signal", () => {
  it("shuts Postgres down and ends with 1, without a final sync (LIFE-36)", async () => {
    let synced = false;
    const finalLsn = async (): Promise<null> => {
      synced = true;
      return null;
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
