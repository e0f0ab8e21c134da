import assert from "node:assert/strict";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { mib } from "../../src/vm-monitor/sizes.ts";
import { type AgentDouble, dial } from "../vm-monitor/agent-double.ts";
import { type CgroupFolder, makeCgroupFolder } from "../vm-monitor/cgroup-folder.ts";
import { startLfcStub } from "../vm-monitor/lfc-stub.ts";
import type { ComputeProcess } from "./support/compute-process.ts";
import type { ConfigParts } from "./support/config.ts";
import { freePort } from "./support/free-port.ts";
import { type World, withWorld } from "./support/world.ts";

const gib = 1024 * mib;
/** More than any machine has that this runs on. */
const enormousBytes = 2 ** 50;

/** Starts a compute as on a VM: with AUTOSCALING, a `cgexec` to run Postgres by, and a folder for the cgroups. */
async function startOnVm(
  world: World,
  cgroup: CgroupFolder,
  {
    args = [],
    parts = {},
    addr = "127.0.0.1:0",
  }: { readonly args?: readonly string[]; readonly parts?: ConfigParts; readonly addr?: string } = {},
): Promise<ComputeProcess> {
  const bin = world.path("bin");
  await mkdir(bin, { mode: 0o755, recursive: true });
  await writeFile(join(bin, "cgexec"), '#!/bin/sh\n[ "$1 $2" = "-g memory:mine" ] || exit 97\nshift 2\nexec "$@"\n');
  await chmod(join(bin, "cgexec"), 0o755);
  return await world.start({
    config: world.config(parts),
    env: { AUTOSCALING: "", PATH: `${bin}:/usr/bin:/bin` },
    args: ["--vm-monitor-addr", addr, "--cgroup", "mine", "--cgroup-root", cgroup.places.root, ...args],
  });
}

/** The agent of a compute whose monitor listens. */
async function dialCompute(compute: ComputeProcess): Promise<AgentDouble> {
  await compute.waitForLog(/the vm-monitor listens at [\d.]+:\d+/);
  const address = /the vm-monitor listens at ([\d.]+:\d+)/.exec(compute.log())?.[1];
  return await dial(`ws://${address}/monitor`);
}

/** Downscales to the size until the memory use is known well enough to be judged. */
async function judged(agent: AgentDouble, memBytes: number) {
  for (;;) {
    const answer = await agent.downscale(memBytes);
    if (answer.Status?.startsWith("too few samples") !== true) return answer;
  }
}

async function metricsOf(compute: ComputeProcess): Promise<string> {
  return (await compute.request("GET", "/metrics", { token: null })).text;
}

async function withCgroup(body: (cgroup: CgroupFolder) => Promise<void>): Promise<void> {
  const cgroup = await makeCgroupFolder(1024 * 1024, "mine");
  try {
    await body(cgroup);
  } finally {
    await cgroup.remove();
  }
}

describe("scaling a compute on a VM", () => {
  it("VM-1, VM-2, LIFE-3, LIFE-61: an agent scales it up and down, metrics tell (VM-29), and it is told of the end (VM-4)", () =>
    withCgroup((cgroup) =>
      withWorld({}, async (world) => {
        const lfc = await startLfcStub();
        const compute = await startOnVm(world, cgroup, {
          args: ["--filecache-connstr", `host=127.0.0.1 port=${lfc.port} user=u password=hunter2 dbname=d`],
        });
        await compute.waitFor("running");
        const agent = await dialCompute(compute);
        assert.deepEqual(agent.greeted, { version: 1 });
        assert.equal(lfc.startup?.get("application_name"), "vm-monitor");
        const before = lfc.changes.length;

        assert.equal((await agent.health()).type, "HealthCheck");
        assert.equal((await agent.upscale(8 * gib)).type, "UpscaleConfirmation");
        assert.equal((await judged(agent, 4 * gib)).Ok, true);
        assert.deepEqual(lfc.changes.slice(before), ["limit = 6069", "reload", "limit = 2997", "reload"]);
        assert.equal((await agent.downscale(64 * mib)).Ok, false);
        await cgroup.use(5 * gib);
        assert.equal((await agent.upscaleRequest()).id % 2, 1);

        const metrics = await metricsOf(compute);
        for (const sample of [
          'compute_ctl_vm_monitor_session{state="live"} 1',
          'compute_ctl_vm_monitor_requests_total{outcome="confirmed",type="UpscaleNotification"} 1',
          'compute_ctl_vm_monitor_requests_total{outcome="approved",type="DownscaleRequest"} 1',
          'compute_ctl_vm_monitor_upscale_requests_total{reason="threshold"} 1',
          "compute_ctl_vm_monitor_memory_threshold_bytes 3561593241",
          `compute_ctl_vm_monitor_file_cache_bytes ${2997 * mib}`,
        ]) {
          assert.ok(metrics.includes(`${sample}\n`), `${sample} in\n${metrics.match(/.*vm_monitor.*/g)?.join("\n")}`);
        }

        assert.equal((await compute.request("POST", "/terminate?mode=immediate")).status, 200);
        assert.deepEqual(await agent.closed, { code: 1001, reason: "the compute is shutting down" });
        assert.deepEqual(await compute.exited, { code: 0, signal: null });
        assert.doesNotMatch(compute.log(), /hunter2/, "trap 15");
        lfc.close();
      }),
    ));

  it("VM-1: leaves the file cache alone where the spec wants that, and the cgroup works as usual", () =>
    withCgroup((cgroup) =>
      withWorld({}, async (world) => {
        const lfc = await startLfcStub();
        const compute = await startOnVm(world, cgroup, {
          args: ["--filecache-connstr", `host=127.0.0.1 port=${lfc.port} user=u`],
          parts: { spec: { disable_lfc_resizing: true } },
        });
        await compute.waitFor("running");
        const agent = await dialCompute(compute);
        assert.equal((await judged(agent, 4 * gib)).Ok, true);
        assert.equal((await agent.downscale(64 * mib)).Ok, false);
        assert.equal(lfc.connections(), 0);
        await agent.close();
        lfc.close();
      }),
    ));

  it("VM-24: a stock Postgres has no file cache: it says so once, and watches the cgroup (trap 14)", () =>
    withCgroup((cgroup) =>
      withWorld({}, async (world) => {
        const compute = await startOnVm(world, cgroup, {
          parts: { settings: { "neon.max_file_cache_size": "10240MB", "neon.file_cache_size_limit": "64MB" } },
        });
        await compute.waitFor("running");
        for (let session = 0; session < 2; session += 1) {
          const agent = await dialCompute(compute);
          assert.deepEqual(agent.greeted, { version: 1 });
          assert.equal((await judged(agent, 4 * gib)).Ok, true);
          assert.equal((await agent.upscale(enormousBytes)).type, "UpscaleConfirmation");
          await agent.close();
        }
        assert.equal(compute.log().match(/no file cache is managed/g)?.length, 1);
        const client = await compute.connect();
        const { rows } = await client.query(
          "SELECT count(*)::int AS n FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'",
        );
        assert.deepEqual(rows, [{ n: 0 }]);
      }),
    ));

  it("a port that is taken, or an address that is none, is an error line and no end of the compute (trap 11)", () =>
    withCgroup((cgroup) =>
      withWorld({}, async (world) => {
        const port = await freePort();
        const holder = createServer().listen(port, "127.0.0.1");
        try {
          for (const [addr, args] of [
            [`127.0.0.1:${port}`, []],
            ["localhost:10301", []],
            ["127.0.0.1:0", ["--vm-monitor-allow", "somebody"]],
          ] as const) {
            const compute = await startOnVm(world, cgroup, { addr, args });
            await compute.waitFor("running");
            await compute.waitForLog(/ERROR .*the vm-monitor cannot be started/);
            assert.equal((await compute.request("POST", "/terminate?mode=immediate")).status, 200);
            assert.deepEqual(await compute.exited, { code: 0, signal: null });
          }
        } finally {
          holder.close();
        }
      }),
    ));

  it("VM-1: without AUTOSCALING there is no monitor", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config(), args: ["--vm-monitor-addr", "127.0.0.1:0"] });
      await compute.waitFor("running");
      assert.doesNotMatch(await metricsOf(compute), /vm_monitor/);
      assert.doesNotMatch(compute.log(), /vm-monitor/);
    }));
});
