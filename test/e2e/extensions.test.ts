import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { PostgresMajor } from "../../src/standin/postgres-major.ts";
import { extensionArchive, sqlExtension } from "../support/extension-archive.ts";
import { type ExtensionGateway, startGateway } from "../support/extension-gateway.ts";
import { copyPostgres, type PrivatePostgres, takeOut, writePgConfig } from "../support/private-postgres.ts";
import type { ComputeProcess } from "./support/compute-process.ts";
import { type World, withWorld } from "./support/world.ts";

interface Store {
  readonly gateway: ExtensionGateway;
  readonly postgres: PrivatePostgres;
}

const architecture = process.arch === "arm64" ? "arm64" : "amd64";

/** A world whose Postgres is a copy of its own, and a gateway. */
async function withStore(major: PostgresMajor, body: (world: World, store: Store) => Promise<void>): Promise<void> {
  const gateway = await startGateway();
  try {
    await withWorld({ major }, async (world) => {
      const postgres = await copyPostgres(world.storage.postgres.bindir, world.path("postgres"));
      await body(world, { gateway, postgres });
    });
  } finally {
    await gateway.close();
  }
}

/** What the spec says about an extension whose library has its name. */
function offered(extensions: Readonly<Record<string, string | null>>): object {
  const names = Object.keys(extensions);
  return {
    public_extensions: names,
    custom_extensions: [],
    library_index: Object.fromEntries(names.map((name) => [name, name])),
    extension_data: Object.fromEntries(
      Object.entries(extensions).map(([name, control]) => [
        name,
        { control_data: control === null ? {} : { [`${name}.control`]: control }, archive_path: "never/used" },
      ]),
    ),
  };
}

function start(
  world: World,
  { gateway, postgres }: Store,
  remoteExtensions: object,
  { settings = {}, args = [] }: { settings?: Record<string, string>; args?: readonly string[] } = {},
): Promise<ComputeProcess> {
  return world.start({
    config: world.config({ spec: { remote_extensions: remoteExtensions }, settings }),
    pgbin: postgres.pgbin,
    env: { BUILD_TAG: "oracle" },
    // One slash too few, as in the flag's vectors (EXT-1).
    args: ["--remote-ext-base-url", gateway.baseUrl.replace(/\/$/, ""), ...args],
  });
}

async function onDemand(world: World, compute: ComputeProcess, path: string) {
  const { status, text } = await compute.request("POST", `/extension_server/${path}`, { port: world.ports.internal });
  return [status, text] as const;
}

async function requestSamples(compute: ComputeProcess): Promise<readonly string[]> {
  const { text } = await compute.request("GET", "/metrics", { token: null });
  return text.split("\n").filter((line) => line.startsWith("compute_ctl_remote_ext_requests_total"));
}

async function figures(compute: ComputeProcess): Promise<Readonly<Record<string, number>>> {
  return (await compute.request("GET", "/metrics.json")).json() as Record<string, number>;
}

describe("extensions from a gateway, on stock Postgres", () => {
  for (const major of [15, 17] as const) {
    it(`EXT-30 to EXT-37, EXT-40: hstore is downloaded on demand, created and used on ${major}, also after a restart`, () =>
      withStore(major, async (world, store) => {
        const { gateway, postgres } = store;
        // One of the two has a pg_config, as Neon's and Debian's have; without it the folders are found by looking.
        if (major === 15) {
          const [share, lib] = [join(postgres.extensionFolder, ".."), postgres.libraryFolder];
          await writePgConfig(postgres, { "--sharedir": share, "--pkglibdir": lib });
        }
        const { archive, control } = await takeOut(postgres, "hstore");
        gateway.serve("hstore", archive);
        const compute = await start(world, store, offered({ hstore: control }));
        await compute.waitFor("running");

        // EXT-21: the control file is there, nothing else, and the counter has no sample yet (EXT-34).
        assert.equal(await readFile(join(postgres.extensionFolder, "hstore.control"), "utf8"), control);
        assert.equal(
          (statSync(join(postgres.extensionFolder, "hstore.control")).mode & 0o777) | process.umask(),
          0o666,
        );
        assert.deepEqual([gateway.asked, await requestSamples(compute)], [[], []]);
        const client = await compute.connect();
        await assert.rejects(client.query("CREATE EXTENSION hstore"), /hstore/);

        // What Neon's Postgres does at this moment (EXT-40, EXT-41); stock Postgres asks nobody, but it knows the port.
        const { rows: ports } = await client.query("SHOW neon.extension_server_port");
        assert.deepEqual(ports, [{ "neon.extension_server_port": String(world.ports.internal) }]);
        assert.deepEqual(await onDemand(world, compute, "hstore"), [200, ""]);
        assert.deepEqual(gateway.asked, [`/gw/oracle/${architecture}/v${major}/extensions/hstore.tar.zst`]);
        await client.query("CREATE EXTENSION hstore");
        const { rows } = await client.query("SELECT ('a=>1'::hstore || 'b=>2'::hstore) -> 'b' AS value");
        assert.deepEqual(rows, [{ value: "2" }]);
        assert.deepEqual(await onDemand(world, compute, "hstore.so?is_library=true"), [200, ""]);
        const once = 'compute_ctl_remote_ext_requests_total{filename="hstore.tar.zst",http_status="200 OK"} 1';
        assert.deepEqual(await requestSamples(compute), [once]);
        assert.equal((await figures(compute))["num_ext_downloaded"], 0, "EXT-25: only what a start fetches counts");
        assert.deepEqual(await readdir(postgres.stagingFolder), []);
        await client.end();
        compute.signal("SIGTERM");
        await compute.exited;

        // A new container has no files again.
        await takeOut(postgres, "hstore");
        const again = await start(world, store, offered({ hstore: control }));
        await again.waitFor("running");
        assert.deepEqual(await onDemand(world, again, "hstore"), [200, ""]);
        const second = await again.connect();
        await second.query("CREATE EXTENSION hstore");
        await second.query("ALTER EXTENSION hstore UPDATE");
        assert.deepEqual(await requestSamples(again), [once]);
        await second.end();
      }));
  }

  it("EXT-20 to EXT-25: a preloaded library is there before Postgres starts", () =>
    withStore(17, async (world, store) => {
      const { gateway, postgres } = store;
      const { archive } = await takeOut(postgres, "pg_stat_statements");
      gateway.serve("pg_stat_statements", archive);
      const settings = { shared_preload_libraries: "pg_stat_statements" };
      const compute = await start(world, store, offered({ pg_stat_statements: null }), { settings });
      await compute.waitFor("running");
      const client = await compute.connect();
      // The start itself created the extension from what it had downloaded.
      const { rows } = await client.query("SELECT count(*) > 0 AS has FROM pg_stat_statements");
      assert.deepEqual(rows, [{ has: true }]);
      await client.end();
      const { num_ext_downloaded, largest_ext_size, total_ext_download_size, load_ext_ms = 0 } = await figures(compute);
      assert.deepEqual(
        [num_ext_downloaded, largest_ext_size, total_ext_download_size],
        [1, archive.length, archive.length],
      );
      assert.ok(load_ext_ms > 0);
      assert.equal(gateway.asked.length, 1);
    }));

  it("EXT-24: a preload that cannot be downloaded is logged; stock Postgres starts without it", () =>
    withStore(17, async (world, store) => {
      const { gateway, postgres } = store;
      await takeOut(postgres, "pg_stat_statements");
      gateway.serve("pg_stat_statements", 500);
      const settings = { shared_preload_libraries: "pg_stat_statements" };
      const compute = await start(world, store, offered({ pg_stat_statements: null }), { settings });
      await compute.waitFor("running");
      assert.match(compute.log(), /error downloading extension "pg_stat_statements": unexpected .*500 Internal/);
      assert.match(compute.log(), /WARN .*left pg_stat_statements out of shared_preload_libraries/);
      const client = await compute.connect();
      const { rows } = await client.query("SHOW shared_preload_libraries");
      assert.deepEqual(rows, [{ shared_preload_libraries: "" }]);
      await client.end();
      assert.equal((await figures(compute))["num_ext_downloaded"], 0);
    }));

  it("EXT-23: a preloaded library of a forbidden extension fails the start, in the original's words", () =>
    withStore(17, async (world, store) => {
      const remote = { ...offered({ hstore: null }), public_extensions: [] };
      const settings = { shared_preload_libraries: "hstore" };
      const compute = await start(world, store, remote, { settings });
      await compute.waitFor("failed");
      assert.match(
        (await compute.status())?.error ?? "",
        /^extension hstore is not found: shared_preload_libraries names library hstore/,
      );
    }));

  it("CAT-4: POST /extensions downloads what stock Postgres would not ask for", () =>
    withStore(15, async (world, store) => {
      const { gateway, postgres } = store;
      const { archive, control } = await takeOut(postgres, "tablefunc");
      gateway.serve("tablefunc", archive);
      const compute = await start(world, store, offered({ tablefunc: control }));
      await compute.waitFor("running");
      const body = { database: "postgres", extension: "tablefunc", version: "1.0" };
      const reply = await compute.request("POST", "/extensions", { port: world.ports.internal, body });
      assert.deepEqual([reply.status, reply.json()], [201, { extension: "tablefunc", version: "1.0" }]);
      const client = await compute.connect();
      const { rows } = await client.query("SELECT count(*)::int AS n FROM normal_rand(7, 5, 3)");
      assert.deepEqual(rows, [{ n: 7 }]);
      await client.end();
    }));

  it("EXT-26: with --remote-ext-prefetch all, everything that the spec allows is there at the start", () =>
    withStore(17, async (world, store) => {
      const names = Array.from({ length: 9 }, (_, index) => `zeta${index}`);
      for (const name of names) store.gateway.serve(name, await extensionArchive(sqlExtension(name)));
      const remote = offered({ ...Object.fromEntries(names.map((name) => [name, null])), absent: null });
      const compute = await start(world, store, remote, { args: ["--remote-ext-prefetch", "all"] });
      await compute.waitFor("running");
      const client = await compute.connect();
      await client.query("CREATE EXTENSION zeta8");
      assert.deepEqual((await client.query("SELECT zeta8_answer() AS n")).rows, [{ n: 42 }]);
      await client.end();
      assert.equal((await figures(compute))["num_ext_downloaded"], 9);
      assert.match(compute.log(), /error downloading extension "absent": unexpected .* 404 Not Found/);
    }));

  it("EXT-30, EXT-31: answers of the route in any status, in their order, and what is on record of them", () =>
    withStore(17, async (world, store) => {
      const { gateway } = store;
      const empty = await world.start({ config: { compute_ctl_config: world.config().compute_ctl_config } });
      await empty.waitFor("empty");
      const unset = '{"error":"remote storage is not configured"}';
      assert.deepEqual(await onDemand(world, empty, "zeta"), [412, unset]);
      empty.signal("SIGTERM");
      await empty.exited;

      const args = ["--remote-ext-base-url", gateway.baseUrl];
      const waiting = await world.start({ config: { compute_ctl_config: world.config().compute_ctl_config }, args });
      await waiting.waitFor("empty");
      // Trap 1: with a gateway but without a spec, the original never answers again.
      const unknown = '{"error":"information about remote extensions is unavailable"}';
      assert.deepEqual(await onDemand(world, waiting, "zeta"), [409, unknown]);
      assert.deepEqual(await onDemand(world, waiting, "zeta"), [409, unknown]);
      waiting.signal("SIGTERM");
      await waiting.exited;

      const remote = { ...offered({ acme: null }), library_index: { demolib: "acme", other: "zzz" } };
      const compute = await start(world, store, remote);
      await compute.waitFor("running");
      const refusal = (message: string) => [404, `{"error":"${message}"}`];
      // HTTP vector 29.
      assert.deepEqual(await onDemand(world, compute, "nope.so?is_library=true"), refusal("library nope is not found"));
      const other = await onDemand(world, compute, "other.so.3?is_library=true");
      assert.deepEqual(other, refusal("extension zzz is not found"));
      const failed =
        'Failed to download a remote file: error downloading extension "acme": ' +
        "unexpected remote extensions server response status code: 404 Not Found";
      assert.deepEqual(await onDemand(world, compute, "acme"), [500, JSON.stringify({ error: failed })]);
      const sample = 'compute_ctl_remote_ext_requests_total{filename="acme.tar.zst",http_status="404 Not Found"} 1';
      assert.deepEqual(await requestSamples(compute), [sample]);
      assert.ok(!existsSync(join(store.postgres.extensionFolder, "acme.control")));
    }));

  it("leaves nothing when a signal ends the process during a download", () =>
    withStore(17, async (world, store) => {
      const asked = Promise.withResolvers<void>();
      store.gateway.serve("zeta", (_request, response) => {
        response.writeHead(200).write("x");
        asked.resolve();
      });
      const compute = await start(world, store, offered({ zeta: null }));
      await compute.waitFor("running");
      const answer = onDemand(world, compute, "zeta").catch(() => "cut off");
      await asked.promise;
      compute.signal("SIGTERM");
      await compute.exited;
      await answer;
      assert.deepEqual(await readdir(store.postgres.stagingFolder), []);
      await rm(store.postgres.stagingFolder, { recursive: true });
    }));
});
