import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DerivedSpec } from "../spec/types.ts";
import { configWith, renamed, running, until } from "./test-world.ts";

const tls = { keyPath: "/k", certPath: "/c" };
const withTls = configWith((spec) => {
  spec["features"] = ["tls_experimental"];
});

/** A running compute with TLS, whose files are renewed when the test says so. */
async function runningWithTls(
  pgdata: { readonly hasNewTlsFiles?: () => Promise<boolean>; readonly copyTlsFiles?: () => Promise<boolean> } = {},
) {
  let renew: (() => Promise<void>) | undefined;
  const wishes: DerivedSpec[] = [];
  const made = await running(
    {
      services: { configure: async (spec) => void wishes.push(spec) },
      pgdata: {
        ...pgdata,
        watchTlsFiles: (_paths, onRenewed, signal) => {
          renew = onRenewed;
          return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
        },
      },
    },
    { tls },
  );
  await until(() => renew !== undefined);
  const start = made.calls.length;
  return {
    ...made,
    /** What the services were last told, each time. */
    wishes,
    renew: () => renew?.(),
    /** What was done since then that has to do with it. */
    since: () => made.calls.slice(start).filter((call) => call === "tls" || call === "reload"),
  };
}

describe("a renewed certificate (CONF-54, LIFE-32)", () => {
  it("is nobody's business while the spec leaves TLS off", async () => {
    const { renew, since, statuses, end } = await runningWithTls();
    await renew();
    assert.deepEqual([since(), statuses], [[], ["init", "running"]]);
    await end();
  });

  it("CONF-55: is taken over by one reload, as a reconfiguration of its own, on record", async () => {
    const { renew, since, statuses, compute, end, wishes } = await runningWithTls();
    await compute.control.configure(withTls, { wait: true });
    const [before, seen, told] = [since().length, statuses.length, wishes.length];
    await renew();
    assert.deepEqual(since().slice(before), ["tls", "reload"]);
    assert.equal(wishes.length, told + 1, "CONF-55: pgbouncer and local_proxy read the same files");
    assert.deepEqual(statuses.slice(seen), ["configuration_pending", "configuration", "running"]);
    const last = compute.control.operations().at(-1);
    assert.deepEqual([last?.kind, last?.state], ["renew-certificate", "succeeded"]);
    await end();
  });

  it("chapter 04 §14.7: costs nothing when it is not new any more, or when Postgres has nothing new to read", async () => {
    const has = { new: false };
    const made = await runningWithTls({ hasNewTlsFiles: async () => has.new, copyTlsFiles: async () => false });
    const { renew, since, statuses, compute, end } = made;
    await compute.control.configure(withTls, { wait: true });
    const [before, seen] = [since().length, statuses.length];
    await renew();
    assert.deepEqual([since().slice(before), statuses.slice(seen)], [[], []]);
    has.new = true;
    await renew();
    assert.deepEqual(since().slice(before), [], "no reload");
    await end();
  });

  it("leaves the compute running when it cannot be taken over", async () => {
    const fail = { now: false };
    const made = await runningWithTls({
      copyTlsFiles: async () => {
        if (fail.now) throw new Error("disk full");
        return true;
      },
    });
    await made.compute.control.configure(withTls, { wait: true });
    fail.now = true;
    await made.renew();
    assert.equal(made.statuses.at(-1), "running");
    assert.equal(made.compute.control.status().error, null);
    const last = made.compute.control.operations().at(-1);
    assert.deepEqual([last?.kind, last?.state, last?.error], ["renew-certificate", "failed", "disk full"]);
    await made.end();
  });

  it("waits for a reconfiguration that goes on", async () => {
    const { renew, statuses, compute, end, store } = await runningWithTls();
    await compute.control.configure(withTls, { wait: true });
    assert.equal(store.dispatch("refresh"), true);
    const renewing = renew();
    assert.equal(statuses.at(-1), "refresh_configuration_pending");
    store.dispatch("refresh-began");
    store.dispatch("refreshed");
    await renewing;
    assert.deepEqual(statuses.slice(-4), ["running", "configuration_pending", "configuration", "running"]);
    await end();
  });

  it("ends with the compute", async () => {
    const { renew, compute, code, store } = await runningWithTls();
    await compute.control.configure(withTls, { wait: true });
    store.dispatch("refresh");
    const renewing = renew();
    const terminated = compute.control.terminate({ mode: "immediate", force: false, join: false });
    await renewing;
    await terminated;
    assert.equal(await code, 0);
  });
});

describe("a configuration that Postgres does not accept (chapter 04 §14.1)", () => {
  it("is not written: the reconfiguration fails with the reason, and the old file is in place", async () => {
    const refused = new Error("Postgres does not accept its new settings: postgresql.conf line 7: no");
    const { compute, calls, end } = await running({ postgres: { checkConf: async () => Promise.reject(refused) } });
    const before = calls.length;
    const outcome = await compute.control.configure(renamed, { wait: true });
    assert.deepEqual(outcome, { kind: "failed", error: refused.message });
    assert.deepEqual(
      calls.slice(before).filter((call) => call === "conf"),
      [],
    );
    await end();
  });

  it("leaves the certificate alone, too", async () => {
    const refuse = { now: false };
    const checkConf = async (): Promise<void> => {
      if (refuse.now) throw new Error("no");
    };
    const { compute, calls, end } = await running({ postgres: { checkConf } }, { tls });
    await compute.control.configure(withTls, { wait: true });
    refuse.now = true;
    const before = calls.length;
    const more = configWith((spec) => {
      spec["features"] = ["tls_experimental"];
      spec["project_id"] = "another";
    });
    assert.equal((await compute.control.configure(more, { wait: true })).kind, "failed");
    assert.equal(calls.slice(before).includes("tls"), false);
    await end();
  });

  it("is not asked about at start, where Postgres says so itself", async () => {
    const asked: string[] = [];
    const { end } = await running({ postgres: { checkConf: async (text) => void asked.push(text) } });
    assert.deepEqual(asked, []);
    await end();
  });
});
