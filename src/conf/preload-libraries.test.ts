import assert from "node:assert/strict";
import test from "node:test";
import { configuredLibraries, withLibraries } from "./preload-libraries.ts";
import { sampleSpec, setting } from "./sample-spec.ts";

const audit = ["pgaudit", "pgauditlogtofile"];

test("CONF-21: missing libraries are appended, in order", () => {
  assert.equal(withLibraries("neon,pg_cron", audit), "neon,pg_cron,pgaudit,pgauditlogtofile");
  assert.equal(withLibraries("neon", ["pgaudit"]), "neon,pgaudit");
});

test("CONF-21: a list that has them is left as it is written", () => {
  for (const list of ["pgaudit,neon", "neon, pgaudit ,pgauditlogtofile", '"pgaudit",$libdir/pgauditlogtofile']) {
    assert.equal(withLibraries(list, ["pgaudit"]), list);
  }
});

test("CONF-T5: pgauditlogtofile does not pass for pgaudit, which is loaded before it", () => {
  assert.equal(withLibraries("neon,pgauditlogtofile", audit), "neon,pgaudit,pgauditlogtofile");
  assert.equal(withLibraries("pgauditlogtofile,neon,pgaudit", audit), "pgaudit,pgauditlogtofile,neon");
});

test("CONF-T5: empty entries, which Postgres refuses, go", () => {
  assert.equal(withLibraries("", ["pgaudit"]), "pgaudit");
  assert.equal(withLibraries("neon,,", ["pgaudit"]), "neon,pgaudit");
});

test("CONF-T5: the list is that of the settings, else that of postgresql_conf", () => {
  const postgresqlConf = "shared_preload_libraries='neon,pg_cron' # ours";
  const settings = [setting("shared_preload_libraries", "neon")];
  assert.equal(configuredLibraries(sampleSpec({}, { postgresqlConf, settings }).spec.cluster), "neon");
  assert.equal(configuredLibraries(sampleSpec({}, { postgresqlConf }).spec.cluster), "neon,pg_cron");
  assert.equal(configuredLibraries(sampleSpec().spec.cluster), undefined);
});
