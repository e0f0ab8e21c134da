import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { computeCtl, withWorld } from "../support/world.ts";
import { occupy } from "./occupy.ts";
import { comesUp, endsBySignal, refusesToStart } from "./outcomes.ts";

const folder = join(import.meta.dirname, "../../fixtures/invalid");

interface Refused {
  readonly file: string;
  /** Path and reason, as the program says them. */
  readonly says: string;
  readonly http: 400 | 422;
}

/** Chapter 02 §12. */
const refused: readonly Refused[] = [
  { file: "trailing-comma", says: "trailing comma at line 19 column 5", http: 400 },
  { file: "truncated", says: "EOF while parsing an object at line 12", http: 400 },
  { file: "missing-compute-ctl-config", says: "missing field `compute_ctl_config`", http: 422 },
  { file: "missing-suspend-timeout", says: "spec: missing field `suspend_timeout_seconds`", http: 422 },
  { file: "mode-lowercase", says: "spec.mode: unknown variant `primary`", http: 422 },
  { file: "static-lsn-without-slash", says: "spec.mode.Static: LsnParseError", http: 422 },
  { file: "tenant-id-not-hex", says: "spec.tenant_id: Invalid character 'g' at position 30", http: 422 },
  {
    file: "setting-value-is-number",
    says: "spec.cluster.settings[0].value: invalid type: integer `100`, expected a string",
    http: 422,
  },
  { file: "features-null", says: "spec.features: invalid type: null, expected a sequence", http: 422 },
  {
    file: "offload-interval-zero",
    says: "spec.offload_lfc_interval_seconds: invalid value: integer `0`, expected a nonzero u64",
    http: 422,
  },
  { file: "jwk-unknown-curve", says: "compute_ctl_config.jwks.keys[0]: data did not match any variant", http: 422 },
  { file: "no-pageserver", says: "pageserver connection information should be provided", http: 400 },
  { file: "sharded-connstring-without-stripe-size", says: "2 shards but no stripe_size", http: 400 },
  { file: "primary-without-safekeepers", says: "safekeeper connstrings should be provided", http: 400 },
  {
    file: "duplicate-safekeepers",
    says: "duplicate entry in safekeeper_connstrings: 127.0.0.1:5455!",
    http: 400,
  },
];

async function fixture({ file }: Refused): Promise<string> {
  return readFile(join(folder, `${file}.json`), "utf8");
}

describe("a config that is wrong (chapter 02 §12)", () => {
  it("covers every invalid fixture", async () => {
    const files = (await readdir(folder)).map((name) => name.replace(/\.json$/, ""));
    assert.deepEqual(refused.map(({ file }) => file).sort(), files.sort());
  });

  it("LIFE-1: is told with path and reason, before PGDATA is touched or a port is asked for", () =>
    withWorld({}, async (world) => {
      await mkdir(world.pgdata);
      await writeFile(join(world.pgdata, "kept"), "by the earlier start");
      // Whoever asks for one of these ports is told so, instead of what is wrong with the config.
      const holders = await Promise.all([occupy(world.ports.external), occupy(world.ports.internal)]);
      try {
        for (const entry of refused) {
          const compute = await world.start({ config: await fixture(entry), args: ["--strict"] });
          const said = await refusesToStart(compute);
          assert.ok(said.includes(entry.says), `${entry.file}: ${said}`);
          assert.ok(said.includes(world.path("config.json")), `${entry.file} is not named by its path: ${said}`);
        }
      } finally {
        for (const holder of holders) holder.close();
      }
      assert.deepEqual(await readdir(world.pgdata), ["kept"]);
      await comesUp(world);
    }));

  it("SPEC-17: is refused by /configure, and the compute stays empty for a good one", () =>
    withWorld({}, async (world) => {
      const good = world.config();
      const compute = await world.start({
        config: { compute_ctl_config: good.compute_ctl_config },
        args: ["--strict"],
      });
      await compute.waitFor("empty");
      for (const entry of refused) {
        const reply = await compute.request("POST", "/configure", { body: await fixture(entry) });
        assert.equal(reply.status, entry.http, `${entry.file}: ${reply.text}`);
        const { error } = JSON.parse(reply.text);
        assert.ok(String(error).toLowerCase().includes(entry.says.toLowerCase()), `${entry.file}: ${error}`);
        assert.equal((await compute.status())?.status, "empty");
      }
      const reply = await compute.request("POST", "/configure", { body: good });
      assert.equal(reply.status, 200, reply.text);
      await endsBySignal(compute);
    }));

  it("SPEC-2: has all its problems told at once", () =>
    withWorld({}, async (world) => {
      const config = world.config({ spec: { mode: "primary", tenant_id: "xyz", features: 7 } });
      const said = await refusesToStart(await world.start({ config }));
      for (const path of ["spec.mode:", "spec.tenant_id:", "spec.features:"]) assert.ok(said.includes(path), said);
    }));
});

describe("a command line that points to what cannot be used", () => {
  it("CLI-5: names the Postgres that is missing, or that is none", () =>
    withWorld({}, async (world) => {
      const config = world.config();
      const sayings: readonly (readonly [string, RegExp])[] = [
        ["/nowhere/postgres", /^no Postgres at \/nowhere\/postgres; /],
        ["no-such-postgres", /^no Postgres at \/usr\/local\/bin\/no-such-postgres, .*--pgbin/],
        ["/bin/cat", /^cannot use \S+\/cat as Postgres: /],
        [world.folder, / is not a file that can be executed; /],
        [await world.write("script", "no program"), /script is not a file that can be executed; /],
      ];
      for (const [pgbin, saying] of sayings) {
        assert.match(await refusesToStart(await world.start({ config, pgbin })), saying);
      }
    }));

  it("CLI-6: refuses a connection string of keys and values, and one of another scheme", () =>
    withWorld({}, async (world) => {
      const config = world.config();
      const keyValue = await world.start({ config, connstr: "host=localhost user=x" });
      assert.match(await refusesToStart(keyValue), /^cannot parse connstr as a URL/);
      const http = await world.start({ config, connstr: "http://localhost" });
      assert.match(await refusesToStart(http), /^cannot build postgres config from connstr/);
    }));

  it("LIFE-2: names a config file that is missing or a folder", () =>
    withWorld({}, async (world) => {
      for (const path of ["/nowhere/config.json", world.folder]) {
        const said = await refusesToStart(await world.start({ args: ["--config", path] }));
        assert.ok(said.includes(`cannot read ${path}`), said);
      }
    }));

  it(
    "LIFE-2: names a config file that it may not read",
    {
      skip: process.getuid?.() === 0 ? "root may read every file" : false,
    },
    () =>
      withWorld({}, async (world) => {
        const path = await world.write("secret.json", "{}");
        await chmod(path, 0);
        const said = await refusesToStart(await world.start({ args: ["--config", path] }));
        assert.ok(said.includes(`cannot read ${path}`), said);
      }),
  );

  it(
    "says what to do when there is no user to run Postgres as",
    {
      skip: process.getuid?.() === 0 ? false : "only root runs Postgres as somebody else",
    },
    () =>
      withWorld({}, async (world) => {
        const config = await world.write("config.json", JSON.stringify(world.config()));
        const pgbin = join(world.storage.postgres.bindir, "postgres");
        const required = ["-D", world.pgdata, "-C", "postgresql://cloud_admin@127.0.0.1/postgres", "-i", "c"];
        const args = [...required, "-b", pgbin, "-c", config, "--postgres-user", "no_such_user"];
        await assert.rejects(promisify(execFile)(computeCtl, args), {
          code: 1,
          stderr: /Error: .*no user "no_such_user".*--postgres-user/,
        });
      }),
  );
});
