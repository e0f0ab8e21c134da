import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Log } from "../base/log.ts";
import type { DerivedSpec } from "../spec/types.ts";
import { createLeaseKeeper, type LeaseView } from "./lease.ts";
import type { LeaseOutcome } from "./ports.ts";
import { createStore } from "./store.ts";
import { configWith, derived, endless, until, world } from "./test-world.ts";

const lsn = 0x3000000n;
const nowMs = 1_790_000_000_000;
const granted = (seconds: number): LeaseOutcome => ({ kind: "granted", expiresMs: nowMs + seconds * 1000 });
const inMode = (mode: unknown): DerivedSpec =>
  derived(
    configWith((spec) => {
      spec["mode"] = mode;
    }),
  );
const static0 = inMode({ Static: "0/3000000" });
const moved = { ...static0, pageservers: { ...static0.pageservers, preferProtocol: "grpc" } } as const;
const reissued: DerivedSpec = { ...static0, storageAuthToken: "another" };

/** A keeper whose rounds end as `outcomes` say, one after the other; the last one never does. Its waits end when told. */
function keeper(outcomes: readonly (LeaseOutcome | Error)[]) {
  const views: LeaseView[] = [];
  const asked: DerivedSpec[] = [];
  const lines: string[] = [];
  const waits: { readonly ms: number; readonly end: () => void }[] = [];
  const controller = new AbortController();
  const store = createStore(new Date(0), () => {});
  store.dispatch("spec-known", { spec: static0 });
  const logTo = (span: string): Log => {
    const write = (message: string): void => void lines.push(`${span}${message}`);
    return { debug() {}, info: write, warn: write, error: write, span: (name) => logTo(`${name}:`) };
  };
  const ports = {
    log: logTo(""),
    clock: { now: () => new Date(nowMs), monotonicMs: () => 0 },
    leaseChanged: (view: LeaseView) => void views.push(view),
    storage: {
      leaseLsn: async (spec: DerivedSpec, _lsn: bigint, signal: AbortSignal): Promise<LeaseOutcome> => {
        const outcome = outcomes[asked.push(spec) - 1];
        if (outcome instanceof Error) throw outcome;
        return outcome ?? endless(spec, signal);
      },
    },
  };
  const wait = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      waits.push({ ms, end: resolve });
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  const made = createLeaseKeeper(ports, store, wait);
  const kept = made.keep(static0, controller.signal);
  const nextWait = async (count: number): Promise<number> => {
    await until(() => waits.length === count);
    return Math.floor(waits[count - 1]?.ms ?? 0);
  };
  return { made, kept, views, asked, lines, waits, nextWait, store, stop: () => controller.abort(new Error("over")) };
}

describe("keeping a lease", () => {
  it("LSN-7: renews it in time, and says so in its span", async () => {
    const { made, kept, asked, lines, waits, nextWait, stop } = keeper([granted(600), granted(100)]);
    assert.equal(await nextWait(1), 540_000);
    assert.deepEqual(made.view(), { lsn, state: "held", expires: new Date(nowMs + 600_000), error: null });
    waits[0]?.end();
    assert.equal(await nextWait(2), 50_000);
    assert.deepEqual(lines, [
      "lsn_lease_bg_task:Request succeeded, sleeping for 540 seconds",
      "lsn_lease_bg_task:Request succeeded, sleeping for 50 seconds",
    ]);
    assert.equal(asked.length, 2);
    stop();
    await kept;
  });

  it("LSN-6: an error is followed by growing waits, which begin anew after a renewal", async () => {
    const error = new Error("connection refused");
    const { made, waits, nextWait, lines, stop, kept } = keeper([error, error, granted(600), error]);
    assert.equal(await nextWait(1), 500);
    assert.deepEqual(made.view(), { lsn, state: "failing", expires: null, error: "connection refused" });
    waits[0]?.end();
    assert.equal(await nextWait(2), 750);
    waits[1]?.end();
    await nextWait(3);
    waits[2]?.end();
    assert.equal(await nextWait(4), 500);
    // Until then the lease stands.
    assert.deepEqual(made.view()?.expires, new Date(nowMs + 600_000));
    assert.match(
      lines.at(-1) ?? "",
      /^lsn_lease_bg_task:could not get the LSN lease, trying again in 500 ms: connection/,
    );
    stop();
    await kept;
  });

  it("LSN-5: a refusal ends it for good", async () => {
    const { made, kept, waits, lines } = keeper([{ kind: "refused", by: "pageserver 2" }]);
    await kept;
    assert.deepEqual(waits, []);
    const permanent = "Permanent error: lease could not be obtained, LSN is behind the GC cutoff";
    assert.deepEqual(lines, [`lsn_lease_bg_task:${permanent}`]);
    assert.equal(made.view()?.state, "refused");
    assert.match(made.view()?.error ?? "", /^refused by pageserver 2/);
  });

  for (const [what, spec] of [
    ["LSN-8: the pageservers are others", moved],
    ["BASE-22: the token is another", reissued],
  ] as const) {
    it(`${what}: the wait ends, and the new ones are used`, async () => {
      for (const outcome of [granted(600), new Error("no")]) {
        const { asked, nextWait, store, stop, kept } = keeper([outcome]);
        await nextWait(1);
        store.dispatch("started");
        assert.equal(asked.length, 1);
        store.dispatch("configure", { spec: { ...static0, spec: { ...static0.spec, operationUuid: "other" } } });
        await new Promise((resolve) => setImmediate(resolve));
        assert.equal(asked.length, 1, "another operation alone is no reason to ask");
        store.dispatch("reconfigure", { spec });
        await until(() => asked.length === 2);
        assert.equal(asked[1], spec);
        stop();
        await kept;
      }
    });
  }

  it("ends with the compute, also in the middle of a round", async () => {
    const { kept, views, stop } = keeper([]);
    await until(() => views.length === 1);
    assert.equal(views[0]?.state, "asking");
    stop();
    await kept;
  });
});

describe("a compute's lease (LSN-1)", () => {
  const asking = (asked: bigint[]) => ({
    storage: {
      leaseLsn: async (spec: DerivedSpec, at: bigint, signal: AbortSignal): Promise<never> => {
        asked.push(at);
        return endless(spec, signal);
      },
    },
  });

  it("is asked for before the start, which does not wait for it", async () => {
    const asked: bigint[] = [];
    const { make, statuses, calls, exit } = world(asking(asked));
    const compute = make(static0);
    const code = compute.run();
    assert.equal(compute.control.lease(), null);
    await until(() => statuses.includes("running"));
    assert.deepEqual(asked, [lsn]);
    assert.ok(calls.includes("basebackup 3000000"));
    assert.equal(compute.control.lease()?.state, "asking");
    exit({ code: 0, text: "exit status: 0" });
    assert.equal(await code, 0);
  });

  for (const mode of ["Primary", "Replica"]) {
    it(`is none of a ${mode}'s`, async () => {
      const asked: bigint[] = [];
      const { make, statuses, exit } = world(asking(asked));
      const compute = make(inMode(mode));
      const code = compute.run();
      await until(() => statuses.includes("running"));
      assert.deepEqual([asked, compute.control.lease()], [[], null]);
      exit({ code: 0, text: "exit status: 0" });
      await code;
    });
  }
});
