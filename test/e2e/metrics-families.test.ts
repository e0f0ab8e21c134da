import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refresh } from "./life/held-status.ts";
import type { ComputeProcess } from "./support/compute-process.ts";
import { withWorld } from "./support/world.ts";

async function scrape(compute: ComputeProcess): Promise<readonly string[]> {
  const { text } = await compute.request("GET", "/metrics", { token: null });
  return text.split("\n");
}

/** Scrapes until a line is there, and one is not. */
async function until(compute: ComputeProcess, wanted: string, unwanted?: string): Promise<void> {
  for (;;) {
    const lines = await scrape(compute);
    if (lines.includes(wanted) && (unwanted === undefined || !lines.includes(unwanted))) return;
  }
}

describe("compute_ctl_up over a whole life", () => {
  it("MET-4, trap 2: has exactly one sample at every scrape, and never lags behind /status", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config() });
      const scrapes: string[][] = [];
      let isOver = false;
      const scraping = (async () => {
        while (!isOver) {
          try {
            scrapes.push((await scrape(compute)).filter((line) => line.startsWith("compute_ctl_up")));
          } catch (error) {
            // Before its first answer, and after its last one.
            assert.match(String(error), /ECONNREFUSED|ECONNRESET|socket hang up/);
          }
        }
      })();
      const labelIs = async (status: string): Promise<void> => {
        const lines = (await scrape(compute)).filter((line) => line.startsWith("compute_ctl_up"));
        assert.deepEqual(lines, [`compute_ctl_up{build_tag="latest",status="${status}"} 1`]);
      };
      await compute.waitFor("running");
      await labelIs("running");
      // The config has the same pageserver, the case in which the original forgot the metric.
      assert.equal((await refresh(compute)).status, 200);
      await compute.waitForLog(/from refresh-configuration to running\n/);
      await labelIs("running");
      await compute.request("POST", "/terminate");
      await labelIs("terminated");
      await compute.exited;
      isOver = true;
      await scraping;
      assert.ok(scrapes.length > 20, `${scrapes.length} scrapes`);
      assert.deepEqual(
        scrapes.filter((lines) => lines.length !== 1),
        [],
      );
      const seen = scrapes.map(([line = ""]) => /status="([^"]*)"/.exec(line)?.[1]);
      for (const status of ["init", "running", "terminated"]) assert.ok(seen.includes(status), status);
    }));
});

describe("compute_installed_extensions", () => {
  const sample = (name: string, version: string, superuser: 0 | 1, databases: number): string =>
    `compute_installed_extensions{extension_name="${name}",owned_by_superuser="${superuser}",version="${version}"} ${databases}`;

  it("MET-5, MET-6, trap 8: counts databases, leaves out those that are invalid, forgets what is gone", () =>
    withWorld({}, async (world) => {
      // Collected every two seconds.
      const compute = await world.start({ config: world.config({ spec: { suspend_timeout_seconds: 1 } }) });
      await compute.waitFor("running");
      await until(compute, sample("plpgsql", "1.0", 1, 2));
      const admin = await compute.connect();
      await admin.query("CREATE ROLE app_owner LOGIN");
      for (const name of ["shop", "old_shop"]) {
        await admin.query(`CREATE DATABASE ${name} OWNER app_owner`);
        const owner = await compute.connect({ user: "app_owner", database: name });
        await owner.query("CREATE EXTENSION hstore");
        await owner.end();
      }
      await admin.query("UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'old_shop'");
      const { rows } = await admin.query("SELECT default_version FROM pg_available_extensions WHERE name = 'hstore'");
      const hstore = sample("hstore", String(rows[0]?.default_version), 0, 1);
      await until(compute, hstore);
      assert.ok((await scrape(compute)).includes(sample("plpgsql", "1.0", 1, 3)));
      await compute.waitForLog(/\[NEON_EXT_STAT\] \{"extensions":\[.*"extname":"hstore".*"owned_by_superuser":"0"/);
      const owner = await compute.connect({ user: "app_owner", database: "shop" });
      await owner.query("DROP EXTENSION hstore");
      await until(compute, sample("plpgsql", "1.0", 1, 3), hstore);
    }));
});

describe("pg_cctl_attached", () => {
  it("MET-8: tells in lakebase mode which compute serves which branch, with INSTANCE_ID alone", () =>
    withWorld({}, async (world) => {
      const { tenantId, timelineId } = world.storage;
      const attached =
        `pg_cctl_attached{pg_compute_id="compute-e2e",pg_instance_id="instance-7",` +
        `tenant_id="${tenantId}",timeline_id="${timelineId}"} 1`;
      for (const [args, env, wanted] of [
        [["--lakebase-mode", "true"], { INSTANCE_ID: "instance-7" }, [attached]],
        [["--lakebase-mode", "true"], {}, []],
        [[], { INSTANCE_ID: "instance-7" }, []],
      ] as const) {
        const compute = await world.start({ config: world.config(), args, env });
        await compute.waitFor("running");
        const found = (await scrape(compute)).filter((line) => line.startsWith("pg_cctl_attached"));
        assert.deepEqual(found, wanted, args.join(" "));
        compute.signal("SIGTERM");
        await compute.exited;
      }
    }));
});
