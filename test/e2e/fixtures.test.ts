import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { describe, it, type TestContext } from "node:test";
import { copyPostgres, type PrivatePostgres } from "../support/private-postgres.ts";
import { fixtureAdminToken } from "./support/admin-token.ts";
import type { ComputeProcess } from "./support/compute-process.ts";
import { branchOfFixture } from "./support/config.ts";
import { type World, withWorld } from "./support/world.ts";

const fixture = "primary.config.json";
const tideTables = `tide tables; $x$ 'n' "q"`;
const westDesk = 'Ferry Desk "West"';

/** Everything of the fixture that stock Postgres, or this release, leaves out. */
const skipped = [
  "delta operations of unknown kinds are ignored: some_future_action",
  "unknown features are ignored: flag_from_the_future",
  "audit level base is off",
  "left neon out of shared_preload_libraries",
  "left timescaledb out of shared_preload_libraries",
  "left pg_cron out of shared_preload_libraries",
  "left the setting max_replication_write_lag out",
  "left the setting max_replication_flush_lag out",
  "left the setting synchronous_standby_names out",
  "could not configure pgbouncer: cannot set spec.pgbouncer_settings: there is no",
  "could not configure local_proxy: local_proxy is not installed",
  "could not configure rsyslog: rsyslog is not installed",
  "spec.autoprewarm is not acted on",
  "spec.offload_lfc_interval_seconds is not acted on",
  "extension neon is not available on this server: skipped",
];

describe(`the spec of ${fixture}, adapted only in addresses and ports`, () => {
  for (const major of [15, 17] as const) {
    it(`on stock Postgres ${major}`, (t) =>
      withWorld({ major, branch: branchOfFixture(fixture) }, async (world) => {
        const postgres = await copyPostgres(world.storage.postgres.bindir, world.path("postgres"));
        const compute = await startFixture(world, postgres);
        await compute.waitFor("running");
        await checkWarnings(t, compute);
        await checkRolesAndDatabases(t, compute);
        await checkPasswords(t, compute);
        await checkControlFiles(t, postgres);
        await checkRestart(t, world, compute, postgres);
      }));
  }
});

/**
 * TLS is left out of the config (not of the spec): its certificate files are those of another machine. Postgres is a copy,
 * because the spec's extensions put control files into the installation.
 */
async function startFixture(world: World, { pgbin }: PrivatePostgres): Promise<ComputeProcess> {
  const config = world.fixture(fixture);
  const withoutTls = { ...config, compute_ctl_config: { ...config.compute_ctl_config, tls: null } };
  return world.start({ config: withoutTls, pgbin, adminToken: await fixtureAdminToken() });
}

async function checkWarnings(t: TestContext, compute: ComputeProcess): Promise<void> {
  await t.test("says once, by name, what it leaves out, and nothing else", () => {
    const warnings = (compute.log().match(/^\S+ {1,2}(?:WARN|ERROR) .*$/gm) ?? []).map((line) =>
      line.replace(/^\S+ +\w+ (?:apply_config: )?/, ""),
    );
    for (const part of skipped) {
      assert.equal(warnings.filter((text) => text.startsWith(part)).length, 1, `${part}: ${warnings.join("\n")}`);
    }
    assert.equal(warnings.length, skipped.length, warnings.join("\n"));
  });
}

async function checkRolesAndDatabases(t: TestContext, compute: ComputeProcess): Promise<void> {
  const client = await compute.connect();
  const rows = async (sql: string) => (await client.query({ text: sql, rowMode: "array" })).rows;

  await t.test("has its roles, with their options", async () => {
    const roles = await rows(
      `SELECT rolname, rolcreatedb, rolconnlimit, rolvaliduntil::text FROM pg_roles
        WHERE rolname !~ '^pg_' AND rolname <> 'cloud_admin' ORDER BY rolname COLLATE "C"`,
    );
    assert.deepEqual(roles, [
      [westDesk, true, -1, null],
      ["anonymous", false, -1, null],
      ["authenticated", false, -1, null],
      ["harbor_owner", true, -1, null],
      ["legacy_reports", true, 25, "2031-03-04 05:06:07+00"],
      ["neon_superuser", true, -1, null],
    ]);
  });

  await t.test("has its databases, with their owners and options", async () => {
    const databases = await rows(
      `SELECT datname, pg_get_userbyid(datdba), datcollate, datctype, pg_encoding_to_char(encoding) FROM pg_database
        WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY datname COLLATE "C"`,
    );
    assert.deepEqual(
      databases.map((row) => row.slice(0, 2)),
      [
        ["archive", "legacy_reports"],
        ["harbor", "harbor_owner"],
        [tideTables, westDesk],
      ],
    );
    assert.deepEqual(databases[2], [tideTables, westDesk, "C", "C", "UTF8"]);
  });

  await t.test("has its settings, other than those it had to leave out", async () => {
    const settings = await rows(
      `SELECT name, setting FROM pg_settings
        WHERE name IN ('max_connections', 'wal_level', 'log_line_prefix', 'shared_preload_libraries',
                       'synchronous_standby_names', 'effective_io_concurrency')
        ORDER BY name`,
    );
    assert.deepEqual(settings, [
      ["effective_io_concurrency", "20"],
      ["log_line_prefix", "%m [%p] it's a \\ harbor: "],
      ["max_connections", "901"],
      ["shared_preload_libraries", "pg_stat_statements"],
      ["synchronous_standby_names", ""],
      ["wal_level", "logical"],
    ]);
    assert.deepEqual(await rows("SELECT name FROM pg_file_settings WHERE error IS NOT NULL"), []);
  });
}

async function checkPasswords(t: TestContext, compute: ComputeProcess): Promise<void> {
  for (const [user, password, database] of [
    ["harbor_owner", "harbor-lantern-42", "harbor"],
    [westDesk, "tide-table-77", tideTables],
    ["legacy_reports", "old-rope-9", "archive"],
  ] as const) {
    await t.test(`${user} logs in and commits`, async () => {
      const client = await compute.connect({ user, password, database });
      await client.query("CREATE TABLE public.notes (text text)");
      await client.query("INSERT INTO public.notes VALUES ('kept')");
      assert.deepEqual((await client.query("SELECT text FROM public.notes")).rows, [{ text: "kept" }]);
      await assert.rejects(compute.connect({ user, password: `${password}x`, database }), { code: "28P01" });
    });
  }
}

async function checkControlFiles(t: TestContext, { extensionFolder }: PrivatePostgres): Promise<void> {
  await t.test("EXT-21: has the control files of its extensions, although there is no gateway", async () => {
    const files = new Set(await readdir(extensionFolder));
    const wanted = ["tidecalc", "postgis", "postgis_raster", "harbor_private"].map((name) => `${name}.control`);
    assert.deepEqual(
      wanted.filter((name) => !files.has(name)),
      [],
    );
  });
}

async function checkRestart(
  t: TestContext,
  world: World,
  first: ComputeProcess,
  postgres: PrivatePostgres,
): Promise<void> {
  await t.test("comes up again on the same data directory, which is made anew", async () => {
    first.signal("SIGTERM");
    await first.exited;
    const second = await startFixture(world, postgres);
    await second.waitFor("running");
    const client = await second.connect({ user: "harbor_owner", password: "harbor-lantern-42", database: "harbor" });
    assert.deepEqual((await client.query("SELECT to_regclass('public.notes') AS notes")).rows, [{ notes: null }]);
  });
}
