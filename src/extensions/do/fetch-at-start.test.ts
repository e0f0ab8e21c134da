import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Log } from "../../base/log.ts";
import type { Cluster } from "../../spec/types.ts";
import { ForbiddenPreloadError } from "../preload.ts";
import { remoteExtensions } from "../test-samples.ts";
import type { Downloads } from "./downloads.ts";
import { fetchAtStart } from "./fetch-at-start.ts";

const never = new AbortController().signal;
const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, span: () => silent };

function clusterWith(value: string): Cluster {
  const settings = [{ name: "shared_preload_libraries", value, vartype: "string" }];
  return { clusterId: null, name: null, state: null, roles: [], databases: [], postgresqlConf: null, settings };
}

function downloadsOf(fetch: Downloads["fetch"]): Downloads {
  return { fetch, list: () => [], hasInstalled: () => false, close: async () => {} };
}

function ports(downloads: Downloads) {
  let nowMs = 0;
  return { downloads, log: silent, clock: { now: () => new Date(0), monotonicMs: () => (nowMs += 7) } };
}

const many = remoteExtensions({
  publicExtensions: Array.from({ length: 10 }, (_, index) => `e${index}`),
  libraryIndex: new Map([
    ...Array.from({ length: 10 }, (_, index) => [`l${index}`, `e${index}`] as const),
    ["again", "e0"],
  ]),
  extensionData: new Map(
    Array.from({ length: 10 }, (_, index) => [`e${index}`, { controlData: new Map(), archivePath: "" }] as const),
  ),
});

describe("what a start fetches (EXT-20 to EXT-25)", () => {
  it("EXT-25: counts successes, also those that others brought, and bytes once", async () => {
    const sizes: Record<string, number> = { e0: 70, e1: 30 };
    const seen = new Set<string>();
    const downloads = downloadsOf(async (extension) => {
      if (extension === "e2") throw new Error("404");
      const size = seen.has(extension) ? 0 : (sizes[extension] ?? 0);
      seen.add(extension);
      return size;
    });
    const wanted = { cluster: clusterWith("l0,again,l1,l2"), remote: many, everything: false };
    const figures = await fetchAtStart(wanted, ports(downloads), never);
    assert.deepEqual(figures, { ms: 7, downloaded: 3, largestBytes: 70, totalBytes: 100 });
  });

  it("EXT-22: is nothing when no preloaded library comes from the gateway", async () => {
    const downloads = downloadsOf(() => assert.fail("nothing is to be fetched"));
    const wanted = { cluster: clusterWith("pg_stat_statements"), remote: many, everything: false };
    assert.deepEqual(await fetchAtStart(wanted, ports(downloads), never), {
      ms: 7,
      downloaded: 0,
      largestBytes: 0,
      totalBytes: 0,
    });
  });

  it("EXT-24, EXT-26: goes four at a time, and takes all that is allowed when asked to", async () => {
    const fetched: string[] = [];
    let [now, most] = [0, 0];
    const downloads = downloadsOf(async (extension) => {
      fetched.push(extension);
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return 1;
    });
    const wanted = { cluster: clusterWith("l3"), remote: many, everything: true };
    assert.equal((await fetchAtStart(wanted, ports(downloads), never)).downloaded, 10);
    assert.equal(fetched[0], "e3");
    assert.deepEqual(fetched.toSorted(), many.publicExtensions);
    assert.equal(most, 4);
  });

  it("EXT-23: a forbidden library fails it before anything is fetched", async () => {
    const downloads = downloadsOf(() => assert.fail("nothing is to be fetched"));
    const wanted = { cluster: clusterWith("zeta_lib,other_lib"), remote: remoteExtensions(), everything: false };
    await assert.rejects(fetchAtStart(wanted, ports(downloads), never), ForbiddenPreloadError);
  });

  it("ends with the signal", async () => {
    const start = new AbortController();
    const downloads = downloadsOf(async () => {
      start.abort(new Error("the start is over"));
      throw start.signal.reason;
    });
    const wanted = { cluster: clusterWith("l1,l2,l3,l4,l5,l6"), remote: many, everything: false };
    await assert.rejects(fetchAtStart(wanted, ports(downloads), start.signal), /the start is over/);
  });
});
