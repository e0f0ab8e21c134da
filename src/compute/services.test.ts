import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configWith, derived, endless, plainly, renamed, running, until, world } from "./test-world.ts";

const withLocalProxy = configWith((spec) => {
  spec["local_proxy_config"] = { jwks: null };
});

describe("services at a start", () => {
  it("LIFE-8, SVC-1: the host's tools and audit shipping are waited for before Postgres starts", async () => {
    const [tools, audit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { make, calls, statuses, exit } = world({
      services: { prepareHost: () => tools.promise, configure: () => audit.promise },
    });
    const compute = make(derived(configWith()));
    const code = compute.run();
    await until(() => calls.includes("finish"));
    assert.ok(!calls.includes("postgres"));
    tools.resolve();
    audit.resolve();
    await until(() => statuses.includes("running"));
    exit({ code: 0, text: "exit status: 0" });
    await code;
  });

  it("LIFE-8, SVC-1: the first error fails the start and calls off the rest, with its reason in /status", async () => {
    for (const service of ["prepareHost", "configure"] as const) {
      const fetching = Promise.withResolvers<void>();
      const calledOff: string[] = [];
      const { make, store, calls } = world({
        storage: {
          beginBasebackup: (spec, signal) => ({
            fetch: () => {
              signal.addEventListener("abort", () => calledOff.push("basebackup"));
              fetching.resolve();
              return endless(spec, signal);
            },
            close() {},
          }),
        },
        services: {
          [service]: async () => {
            await fetching.promise;
            throw new Error(`no ${service}`);
          },
        },
      });
      const code = await make(derived(configWith())).run();
      assert.equal(code, 1);
      assert.equal(store.get().status, "failed");
      assert.equal(store.view().error, `no ${service}`);
      assert.ok(!calls.includes("postgres"));
      assert.deepEqual(calledOff, ["basebackup"]);
    }
  });

  it("SVC-21, LIFE-19: local_proxy is configured once more after the catalog, only when the spec has it", async () => {
    for (const { config, expected } of [
      { config: withLocalProxy, expected: ["catalog", "local_proxy"] },
      { config: configWith(), expected: ["catalog"] },
    ]) {
      const { make, calls, statuses, exit } = world();
      const code = make(derived(config)).run();
      await until(() => statuses.includes("running"));
      assert.deepEqual(
        calls.filter((call) => call === "catalog" || call === "local_proxy"),
        expected,
      );
      exit({ code: 0, text: "exit status: 0" });
      await code;
    }
  });

  it("SVC-21: an error of that fails the start", async () => {
    const refuse = () => Promise.reject(new Error("apply_config local_proxy"));
    const { make, store, calls } = world({ services: { confirmLocalProxy: refuse } });
    await make(derived(withLocalProxy)).run();
    assert.equal(store.view().error, "apply_config local_proxy");
    assert.ok(calls.includes("quit"));
  });
});

describe("services at a reconfigure", () => {
  it("LIFE-26: are configured again, the host's tools are not (SVC-51)", async () => {
    const calls: string[] = [];
    const note = (what: string) => async () => void calls.push(what);
    const { compute, end } = await running({
      services: { prepareHost: note("tools"), configure: note("configure") },
    });
    await compute.control.configure(renamed, { wait: true });
    assert.deepEqual(calls, ["tools", "configure", "configure"]);
    await end();
  });

  it("SVC-40: an address that cannot be used fails it before anything is written", async () => {
    let good = true;
    const configure = () => (good ? Promise.resolve() : Promise.reject(new Error("bad address")));
    const { compute, calls, end } = await running({ services: { configure } });
    good = false;
    const before = calls.length;
    const outcome = await compute.control.configure(renamed, { wait: true });
    assert.deepEqual(outcome, { kind: "failed", error: "bad address" });
    assert.deepEqual(calls.slice(before), []);
    await end();
  });
});

describe("services at the end", () => {
  it("SVC-60, HTTP-50: end before Postgres does, on /terminate", async () => {
    const { compute, calls, code } = await running();
    await compute.control.terminate(plainly("immediate"));
    await code;
    assert.deepEqual(
      calls.filter((call) => call.startsWith("stop")),
      ["stop services", "stop"],
    );
  });

  it("SVC-60, LIFE-36: end before Postgres does, on a signal", async () => {
    const { compute, calls, code } = await running();
    compute.interrupt(new Error("received SIGTERM"));
    assert.equal(await code, 1);
    assert.deepEqual(
      calls.filter((call) => call.startsWith("stop")),
      ["stop services", "stop"],
    );
  });

  it("are left alone when Postgres ends by itself", async () => {
    const { calls, end } = await running();
    await end();
    assert.ok(!calls.includes("stop services"));
  });
});
