import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readEnvironment } from "./environment.ts";

describe("readEnvironment", () => {
  it("works with nothing set (CLI-9)", () => {
    const { environment, warnings } = readEnvironment({});
    assert.equal(environment.buildTag, "latest");
    assert.equal(environment.basebackupRetriesMax, 10);
    assert.equal(environment.autoscaling, false);
    assert.deepEqual(warnings, []);
  });

  it("treats an empty POSTGRES_PATH as unset, but an empty INSTANCE_ID and AUTOSCALING as set", () => {
    const { environment } = readEnvironment({ POSTGRES_PATH: "", INSTANCE_ID: "", AUTOSCALING: "" });
    assert.equal(environment.pgbin, undefined);
    assert.equal(environment.instanceId, "");
    assert.equal(environment.autoscaling, true);
  });

  it("takes the number of base backup retries, and says so when it is none (BASE-70)", () => {
    const retries = (text: string) => readEnvironment({ NEON_COMPUTE_TESTING_BASEBACKUP_RETRIES: text });
    assert.equal(retries("0").environment.basebackupRetriesMax, 0);
    assert.equal(retries("many").environment.basebackupRetriesMax, 10);
    assert.match(retries("65536").warnings.join(), /is not a number from 0 to 65535/);
  });

  it("SVC-11, SVC-30: reads what the services need, without a warning", () => {
    const { environment, warnings } = readEnvironment({ PGBOUNCER_PASSWORD: "p", AUDIT_LOGGING_ENDPOINT: "a:1" });
    assert.deepEqual(warnings, []);
    assert.equal(environment.pgbouncerPassword, "p");
    assert.deepEqual([environment.auditEndpoint, environment.auditTlsEndpoint], ["a:1", ""]);
    assert.equal(readEnvironment({}).environment.pgbouncerPassword, null);
  });

  it("names variables without effect, but never their values", () => {
    const { warnings } = readEnvironment({ FAILPOINTS: "hunter2" });
    assert.equal(warnings.length, 1);
    assert.match(warnings.join(), /FAILPOINTS/);
    assert.doesNotMatch(warnings.join(), /hunter2/);
  });

  it("HTTP-75: failpoints act where the environment says that this is a test", () => {
    const given = { FAILPOINTS: "compute-migration=return(4);compute-prewarm=return(0)" };
    assert.equal(readEnvironment(given).environment.failpoints.migration, null);
    const { environment, warnings } = readEnvironment({ ...given, COMPUTE_CTL_TESTING: "1" });
    assert.equal(environment.failpoints.migration, 4);
    assert.deepEqual(warnings, ["there is no failpoint compute-prewarm: it is ignored"]);
    assert.throws(() => readEnvironment({ FAILPOINTS: "x", COMPUTE_CTL_TESTING: "1" }), /FAILPOINTS: 'x' is not/);
  });
});
