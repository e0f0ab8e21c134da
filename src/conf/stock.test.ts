import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { configuredLibraries } from "./preload-libraries.ts";
import { derivedFrom, sampleSpec, setting } from "./sample-spec.ts";
import { AuditLibraryError, adaptToStock, type ServerFacts } from "./stock.ts";

function server(major: number, ...libraries: readonly string[]): ServerFacts {
  return { major, hasLibrary: (name) => libraries.includes(name) };
}

test("with the neon library nothing is dropped, and the spec comes back as it is", () => {
  const settings = [setting("io_combine_limit", "1"), setting("shared_preload_libraries", "neon,absent")];
  const spec = sampleSpec({ auditLogLevel: "full" }, { settings });
  const adapted = adaptToStock(spec, server(14, "neon"));
  assert.equal(adapted.spec, spec);
  assert.deepEqual(adapted.warnings, []);
});

test("libraries that are not installed leave the list, in the settings and in postgresql_conf, with one warning each", () => {
  const settings = [setting("shared_preload_libraries", "neon, $libdir/pg_cron ,pg_stat_statements")];
  const postgresqlConf = "port = 5432\nshared_preload_libraries = 'neon,pg_stat_statements' # ours\n";
  const adapted = adaptToStock(sampleSpec({}, { settings, postgresqlConf }), server(17, "pg_stat_statements"));
  const { cluster } = adapted.spec.spec;
  assert.deepEqual(cluster.settings, [setting("shared_preload_libraries", "pg_stat_statements")]);
  assert.equal(cluster.postgresqlConf, "port = 5432\nshared_preload_libraries = 'pg_stat_statements'\n");
  assert.deepEqual(
    adapted.warnings.map((warning) => /left (\S+) out/.exec(warning)?.[1]),
    ["neon", "pg_cron"],
  );
});

test("a list without any installed library stays as an empty one", () => {
  const adapted = adaptToStock(sampleSpec({}, { settings: [setting("shared_preload_libraries", "neon")] }), server(17));
  assert.deepEqual(adapted.spec.spec.cluster.settings, [setting("shared_preload_libraries", "")]);
});

test("settings of Neon's server go; settings of a newer Postgres go only before it", () => {
  const names = ["max_replication_write_lag", "MAX_REPLICATION_FLUSH_LAG", "max_replication_apply_lag"];
  const newer = ["io_combine_limit", "recovery_prefetch"];
  const settings = [...names, ...newer, "work_mem"].map((name) => setting(name, "1"));
  const kept = (major: number) =>
    adaptToStock(sampleSpec({}, { settings }), server(major)).spec.spec.cluster.settings?.map(({ name }) => name);
  assert.deepEqual(kept(14), ["work_mem"]);
  assert.deepEqual(kept(15), ["recovery_prefetch", "work_mem"]);
  assert.deepEqual(kept(17), ["io_combine_limit", "recovery_prefetch", "work_mem"]);
});

test("synchronous_standby_names goes only when it waits for the walproposer", () => {
  const settings = [setting("synchronous_standby_names", "FIRST 1 (walproposer)")];
  const postgresqlConf = "synchronous_standby_names = walproposer\nsynchronous_standby_names = 'other'";
  const adapted = adaptToStock(sampleSpec({}, { settings, postgresqlConf }), server(17));
  assert.deepEqual(adapted.spec.spec.cluster.settings, []);
  assert.equal(
    adapted.spec.spec.cluster.postgresqlConf,
    "# synchronous_standby_names = walproposer\nsynchronous_standby_names = 'other'",
  );
  assert.equal(adapted.warnings.length, 1);
});

test("CONF-16: what only matters between a replica and its primary is left alone, and so is a null setting", () => {
  const settings = [setting("max_connections", "5"), setting("hot_standby", "on"), setting("io_limit", null)];
  const adapted = adaptToStock(sampleSpec({ mode: { kind: "replica" } }, { settings }), server(15));
  assert.deepEqual(adapted.spec.spec.cluster.settings, settings);
  assert.deepEqual(adapted.warnings, []);
});

test("audit level base is switched off with a warning when pgaudit is not installed", () => {
  const adapted = adaptToStock(sampleSpec({ auditLogLevel: "base" }), server(17));
  assert.equal(adapted.spec.spec.auditLogLevel, "disabled");
  assert.equal(adapted.spec.spec.cluster.settings, null);
  assert.match(adapted.warnings.join("\n"), /pgaudit/);
});

test("audit level base with pgaudit gets a list without neon", () => {
  const adapted = adaptToStock(sampleSpec({ auditLogLevel: "base" }), server(17, "pgaudit"));
  assert.equal(adapted.spec.spec.auditLogLevel, "base");
  assert.deepEqual(adapted.spec.spec.cluster.settings, [setting("shared_preload_libraries", "")]);
  assert.deepEqual(adapted.warnings, []);
});

test("CONF-23: a compliance audit without its libraries is an error that names them", () => {
  for (const auditLogLevel of ["extended", "full"] as const) {
    assert.throws(
      () => adaptToStock(sampleSpec({ auditLogLevel }), server(17, "pgaudit")),
      (error) => error instanceof AuditLibraryError && / needs pgauditlogtofile,/.test(error.message),
    );
    assert.doesNotThrow(() => adaptToStock(sampleSpec({ auditLogLevel }), server(17, "pgaudit", "pgauditlogtofile")));
  }
});

/** What the adapter leaves of the settings and of the audit of a whole spec of a control plane. */
function adaptPrimary(facts: ServerFacts) {
  const primary = derivedFrom(
    readFileSync(new URL("../../test/fixtures/primary.config.json", import.meta.url), "utf8"),
  );
  const { spec, warnings } = adaptToStock(primary, facts);
  const kept = new Set(spec.spec.cluster.settings?.map(({ name }) => name));
  const lost = primary.spec.cluster.settings?.map(({ name }) => name).filter((name) => !kept.has(name));
  return { lost, warnings, libraries: configuredLibraries(spec.spec.cluster), audit: spec.spec.auditLogLevel };
}

for (const major of [15, 17]) {
  test(`a control plane's primary on a stock Postgres ${major} loses what that cannot take, and nothing more`, () => {
    const bare = adaptPrimary(server(major, "pg_stat_statements"));
    const lost = ["max_replication_write_lag", "max_replication_flush_lag", "synchronous_standby_names"];
    assert.deepEqual(bare.lost, lost);
    assert.equal(bare.libraries, "pg_stat_statements");
    assert.equal(bare.audit, "disabled");
    const named = bare.warnings.map((warning) => /left (?:the setting )?(\S+) out|library (\w+)$/.exec(warning));
    assert.deepEqual(
      named.map((found) => found?.[1] ?? found?.[2]).sort(),
      [...lost, "neon", "timescaledb", "pg_cron", "pgaudit"].sort(),
    );
  });
}
