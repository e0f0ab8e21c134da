import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { metricsComplaints, promtoolMissing } from "../support/promtool.ts";
import type { ComputeProcess } from "./support/compute-process.ts";
import { type World, withWorld } from "./support/world.ts";

/** The samples of families whose name begins so. */
async function samples(compute: ComputeProcess, prefix: string): Promise<readonly string[]> {
  const { text } = await compute.request("GET", "/metrics", { token: null });
  return text.split("\n").filter((line) => line.startsWith(prefix));
}

/** A control plane that breaks the first connection, is busy at the second, and answers with the config from then on. */
async function withFlakyControlPlane(world: World, body: (uri: string) => Promise<void>): Promise<void> {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    if (asked === 1) request.socket.destroy();
    else if (asked === 2) response.writeHead(503).end();
    else response.end(JSON.stringify({ status: "attached", ...world.config() }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  try {
    await body(`http://127.0.0.1:${port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe("GET /metrics of the program", () => {
  it("SPEC-83, MET-3: counts what the control plane was asked before there was a compute", () =>
    withWorld({}, (world) =>
      withFlakyControlPlane(world, async (uri) => {
        const compute = await world.start({ args: ["--control-plane-uri", uri] });
        await compute.waitFor("running");
        assert.deepEqual(await samples(compute, "compute_ctl_cplane_requests_total"), [
          'compute_ctl_cplane_requests_total{http_status="200 OK",rpc="GetConfig"} 1',
          'compute_ctl_cplane_requests_total{http_status="503 Service Unavailable",rpc="GetConfig"} 1',
          'compute_ctl_cplane_requests_total{http_status="unknown",rpc="GetConfig"} 1',
        ]);
        assert.deepEqual(await samples(compute, "compute_ctl_retries_total"), [
          'compute_ctl_retries_total{kind="control-plane"} 2',
        ]);
      }),
    ));

  it("MET-18: tells phases of the start and the apply, memory and processor time of the process", () =>
    withWorld({}, async (world) => {
      const roles = [{ name: "alice", options: null, encrypted_password: null }];
      const compute = await world.start({ config: world.config({ cluster: { roles } }) });
      await compute.waitFor("running");
      const phases = await samples(compute, "compute_ctl_startup_phase_seconds_count");
      for (const phase of ["prepare_pgdata", "start_postgres", "configure_as_primary", "total"]) {
        assert.ok(phases.includes(`compute_ctl_startup_phase_seconds_count{phase="${phase}"} 1`), phases.join("\n"));
      }
      assert.ok((await samples(compute, "compute_ctl_apply_phase_seconds_count")).length > 0);
      const [memory = ""] = await samples(compute, "compute_ctl_process_resident_memory_bytes");
      assert.ok(Number(memory.split(" ")[1]) > 10 * 1024 * 1024, memory);
      const [cpu = ""] = await samples(compute, "compute_ctl_process_cpu_seconds_total");
      assert.ok(Number(cpu.split(" ")[1]) > 0, cpu);
    }));

  it("MET-19: tells an autoscaler on a stock Postgres what it sees itself, before, while and after Postgres runs", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: { compute_ctl_config: world.config().compute_ctl_config } });
      await compute.waitFor("empty");
      const scrape = async (): Promise<string> => {
        const { status, text } = await compute.request("GET", "/autoscaling_metrics", { token: null });
        assert.equal(status, 200, text);
        return text;
      };
      assert.match(await scrape(), /^compute_ctl_pg_up 0$/m);
      await compute.request("POST", "/configure", { body: world.config() });
      const running = await scrape();
      assert.match(running, /^# This Postgres has no communicator/);
      for (const line of ["compute_ctl_pg_up 1", "compute_ctl_pg_max_connections 100", "lfc_hits 0"]) {
        assert.ok(running.split("\n").includes(line), `${line} is not in\n${running}`);
      }
      await compute.request("POST", "/terminate");
      assert.match(await scrape(), /^compute_ctl_pg_up 0$/m);
      await compute.exited;
    }));

  it("MET-2: promtool finds nothing wrong with it", { skip: promtoolMissing }, () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config(), args: ["--drift-check-interval", "1"] });
      await compute.waitFor("running");
      await compute.request("GET", "/status", { token: null });
      let scrape = "";
      // Until the families are there that come with the first second.
      while (!scrape.includes("compute_ctl_event_loop_lag_seconds_count")) {
        scrape = (await compute.request("GET", "/metrics", { token: null })).text;
      }
      assert.deepEqual(metricsComplaints(scrape), []);
      assert.notDeepEqual(
        metricsComplaints(`${scrape}compute_ctl_up 2 3 4\n`),
        [],
        "a broken scrape is complained about",
      );
    }),
  );
});
