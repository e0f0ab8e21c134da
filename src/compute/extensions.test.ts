import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configWith, derived, running, until, world } from "./test-world.ts";

const remote = {
  public_extensions: ["zeta"],
  library_index: { zeta_lib: "zeta" },
  extension_data: { zeta: { control_data: {}, archive_path: "" } },
};

function specWith(libraries: string) {
  return derived(
    configWith((spec) => {
      spec["remote_extensions"] = remote;
      const cluster = spec["cluster"] as { settings: object[] };
      cluster.settings = [{ name: "shared_preload_libraries", value: libraries, vartype: "string" }];
    }),
  );
}

const figures = { ms: 12.9, downloaded: 2, largestBytes: 70, totalBytes: 100 };
const expectZeta = { expectedLibraries: () => new Set(["zeta_lib"]) };

describe("extensions at the start (EXT-20)", () => {
  it("LIFE-8: are prepared while the data directory is made, and Postgres waits for both", async () => {
    const basebackup = Promise.withResolvers<void>();
    const prepared = Promise.withResolvers<typeof figures>();
    const order: string[] = [];
    const made = world({
      storage: {
        beginBasebackup: () => ({
          async fetch() {
            order.push("basebackup begins");
            await basebackup.promise;
            return { connectMicros: 1, basebackupMs: 2, bytes: 3 };
          },
          close() {},
        }),
      },
      extensions: {
        prepare: async () => {
          order.push("extensions begin");
          return prepared.promise;
        },
      },
    });
    const compute = made.make(specWith(""));
    const code = compute.run();
    await until(() => order.length === 2);
    basebackup.resolve();
    await until(() => made.calls.includes("finish"));
    assert.ok(!made.calls.includes("postgres"));
    prepared.resolve(figures);
    await until(() => made.statuses.includes("running"));
    made.exit({ code: 0, text: "exit status: 0" });
    await code;
  });

  it("EXT-25: their figures are whole numbers in /metrics.json", async () => {
    const made = world({ extensions: { prepare: async () => figures } });
    const compute = made.make(specWith(""));
    const code = compute.run();
    await until(() => made.statuses.includes("running"));
    const { load_ext_ms, num_ext_downloaded, largest_ext_size, total_ext_download_size } = made.store.get().metrics;
    assert.deepEqual([load_ext_ms, num_ext_downloaded, largest_ext_size, total_ext_download_size], [12, 2, 70, 100]);
    made.exit({ code: 0, text: "exit status: 0" });
    await code;
  });

  it("are no matter for a spec that says nothing about them", async () => {
    const prepare = () => assert.fail("there is nothing to prepare");
    const made = await running({ extensions: { prepare } });
    await made.end();
  });

  it("EXT-23: a failure fails the start and ends the base backup", async () => {
    const ended: string[] = [];
    const begun = Promise.withResolvers<void>();
    const made = world({
      storage: {
        beginBasebackup: (_spec, signal) => ({
          fetch: () =>
            new Promise((_resolve, reject) => {
              signal.addEventListener("abort", () => {
                ended.push("basebackup");
                reject(signal.reason);
              });
              begun.resolve();
            }),
          close() {},
        }),
      },
      extensions: {
        async prepare() {
          await begun.promise;
          throw new Error("extension other is not found");
        },
      },
    });
    const code = made.make(specWith("")).run();
    await until(() => made.statuses.includes("failed"));
    assert.equal(made.store.get().error, "extension other is not found");
    assert.deepEqual(ended, ["basebackup"]);
    assert.ok(!made.calls.includes("postgres"));
    await code;
  });
});

describe("a preloaded library on stock Postgres", () => {
  const confs: string[] = [];
  const written = {
    writeConf: async (text: string) => {
      confs.push(/^shared_preload_libraries = .*$/m.exec(text)?.[0] ?? "none");
      return true;
    },
  };

  it("is in the configuration when its download succeeds", async () => {
    confs.length = 0;
    const installed = new Set<string>();
    const prepare = async () => {
      installed.add("zeta_lib");
      return figures;
    };
    const server = { hasLibrary: (name: string) => installed.has(name) };
    const made = world({ server, pgdata: written, extensions: { ...expectZeta, prepare } });
    const code = made.make(specWith("zeta_lib")).run();
    await until(() => made.statuses.includes("running"));
    assert.deepEqual(confs, ["shared_preload_libraries = 'zeta_lib'"]);
    made.exit({ code: 0, text: "exit status: 0" });
    await code;
  });

  it("EXT-24: is left out before Postgres starts when its download fails", async () => {
    confs.length = 0;
    const prepare = async () => ({ ...figures, downloaded: 0 });
    const made = world({
      server: { hasLibrary: () => false },
      pgdata: written,
      extensions: { ...expectZeta, prepare },
    });
    const code = made.make(specWith("zeta_lib")).run();
    await until(() => made.statuses.includes("running"));
    assert.deepEqual(confs, ["shared_preload_libraries = 'zeta_lib'", "shared_preload_libraries = ''"]);
    made.exit({ code: 0, text: "exit status: 0" });
    await code;
  });
});
