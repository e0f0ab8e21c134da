import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { decodeConfig } from "./decode.ts";
import { type Derivation, deriveSpec } from "./derive.ts";
import { clusterWith, configText, type SpecChange } from "./test-config.ts";
import type { DerivedSpec } from "./types.ts";

function derive(text: string): Derivation {
  const decoding = decodeConfig(text, { source: "http", strict: true });
  assert.ok(decoding.ok && decoding.value.spec !== null);
  return deriveSpec(decoding.value.spec);
}

function derived(change: SpecChange): DerivedSpec {
  const derivation = derive(configText(change));
  assert.ok(derivation.ok, derivation.ok ? "" : JSON.stringify(derivation.refusal));
  return derivation.value;
}

function warnings(change: SpecChange): readonly string[] {
  const derivation = derive(configText(change));
  assert.ok(derivation.ok);
  return derivation.warnings;
}

/** The messages about a spec that must be refused, in order. */
function messages(change: SpecChange): readonly string[] {
  const derivation = derive(configText(change));
  assert.ok(!derivation.ok, "accepted");
  assert.equal(derivation.refusal.kind, "derive");
  return derivation.refusal.problems.map(({ message }) => message);
}

const fixture = (name: string): Derivation =>
  derive(readFileSync(new URL(`../../test/fixtures/${name}.config.json`, import.meta.url), "utf8"));

const onlySettings = {
  pageserver_connstring: undefined,
  safekeeper_connstrings: undefined,
  tenant_id: undefined,
  timeline_id: undefined,
};
const tenant = "00112233445566778899aabbccddeeff";
const storageSettings = [
  ["neon.pageserver_connstring", "postgres://a,postgres://b"],
  ["neon.stripe_size", "8"],
  ["neon.safekeepers", "g#7: a:1 ,b:2"],
  ["neon.tenant_id", tenant.toUpperCase()],
  ["neon.timeline_id", tenant],
] as const;

describe("deriveSpec (SPEC-41, BASE-10, BASE-16)", () => {
  it("takes the fields of the primary fixture", () => {
    const derivation = fixture("primary");
    assert.ok(derivation.ok);
    assert.equal(derivation.value.pageservers.shardCount, 4);
    assert.equal(derivation.value.safekeepers.generation, 7);
    assert.equal(derivation.value.safekeepers.hostPorts.length, 3);
    assert.deepEqual(derivation.warnings, ["delta operations of unknown kinds are ignored: some_future_action"]);
  });

  it("takes the settings of the replica fixture where fields are missing", () => {
    const derivation = fixture("replica");
    assert.ok(derivation.ok);
    const { value } = derivation;
    assert.equal(value.tenantId, "a41e7b0952cd4f3e8d16b7a50f93c2e8");
    assert.equal(value.pageservers.stripeSize, 32768);
    assert.deepEqual([...value.pageservers.shards.keys()], ["0002", "0102"]);
    assert.deepEqual(value.safekeepers, { hostPorts: [], generation: null });
    assert.equal(value.endpointStorageAddr, "endpoint-storage.example.internal:9993");
    assert.equal(value.endpointStorageToken, "made-up-endpoint-storage-jwt.for-replica.token");
    assert.equal(value.storageAuthToken, "made-up-storage-jwt.for-replica.token");
    assert.deepEqual(derivation.warnings, []);
  });

  it("takes everything from settings, with the generation before the safekeepers (trap 5)", () => {
    const value = derived({ ...onlySettings, cluster: clusterWith(storageSettings) });
    assert.deepEqual(value.safekeepers, { hostPorts: ["a:1", "b:2"], generation: 7 });
    assert.equal(value.tenantId, tenant);
    assert.equal(value.pageservers.shardCount, 2);
  });

  it("tells all that is missing, in the original's order", () => {
    assert.deepEqual(messages(onlySettings), [
      "pageserver connection information should be provided",
      "safekeeper connstrings should be provided",
      "tenant id should be provided",
      "timeline id should be provided",
    ]);
  });

  it("tells a missing pageserver before duplicate safekeepers", () => {
    const change = { pageserver_connstring: undefined, safekeeper_connstrings: '["a:1", "a:1"]' };
    assert.deepEqual(messages(change), [
      "pageserver connection information should be provided",
      "duplicate entry in safekeeper_connstrings: a:1!",
    ]);
  });

  it("finds settings by their exact name only (SPEC-40)", () => {
    const cluster = clusterWith([["NEON.pageserver_connstring", "postgres://a"]]);
    assert.deepEqual(messages({ pageserver_connstring: undefined, cluster }), [
      "pageserver connection information should be provided",
    ]);
  });

  it("refuses a stripe size that is no unsigned 32-bit number, in the original's words", () => {
    const message = (stripe: string): readonly string[] => {
      const settings = [
        ["neon.pageserver_connstring", "a,b"],
        ["neon.stripe_size", stripe],
      ] as const;
      return messages({ pageserver_connstring: undefined, cluster: clusterWith(settings) });
    };
    assert.deepEqual(message("16MB"), ["invalid digit found in string"]);
    assert.deepEqual(message("-1"), ["invalid digit found in string"]);
    assert.deepEqual(message(""), ["cannot parse integer from empty string"]);
    assert.deepEqual(message("4294967296"), ["number too large to fit in target type"]);
  });

  it("refuses a setting that is no id, and hints at what is wrong with it", () => {
    const derivation = derive(configText({ tenant_id: undefined, cluster: clusterWith([["neon.tenant_id", "xyz"]]) }));
    assert.ok(!derivation.ok);
    assert.equal(derivation.refusal.problems[0]?.message, "invalid tenant id");
    assert.match(derivation.refusal.problems[0]?.hint ?? "", /Odd number of digits/);
  });

  it("lets a field win over a setting", () => {
    const cluster = clusterWith([
      ["neon.endpoint_storage_addr", "old:1"],
      ["neon.timeline_id", "xyz"],
    ]);
    assert.equal(derived({ cluster, endpoint_storage_addr: '"new:2"' }).endpointStorageAddr, "new:2");
  });
});

describe("safekeepers of a primary (SPEC-42)", () => {
  it("must not repeat: the first duplicate in sorted order is told", () => {
    assert.deepEqual(messages({ safekeeper_connstrings: '["b:2", "c:3", "b:2", "a:1", "a:1"]' }), [
      "duplicate entry in safekeeper_connstrings: a:1!",
    ]);
  });

  it("are compared without outer blanks and case (trap 5)", () => {
    assert.deepEqual(messages({ safekeeper_connstrings: '["sk:1", " sk:1"]' }), [
      "duplicate entry in safekeeper_connstrings: sk:1!",
    ]);
    assert.equal(messages({ safekeeper_connstrings: '["SK:1", "sk:1"]' }).length, 1);
    assert.deepEqual(derived({ safekeeper_connstrings: '[" a:1 "]' }).safekeepers.hostPorts, ["a:1"]);
  });

  it("must not be empty, neither the list nor an entry", () => {
    const missing = "safekeeper connstrings should be provided";
    assert.deepEqual(messages({ safekeeper_connstrings: "[]" }), [missing]);
    const cluster = clusterWith([["neon.safekeepers", ""]]);
    assert.deepEqual(messages({ safekeeper_connstrings: "[]", cluster }), [missing]);
    assert.deepEqual(messages({ safekeeper_connstrings: '["a:1", ""]' }), ["empty entry in safekeeper_connstrings"]);
  });

  it("do not matter to other modes", () => {
    const list = '["a:1", "a:1"]';
    assert.deepEqual(derived({ mode: '"Replica"', safekeeper_connstrings: list }).safekeepers.hostPorts, [
      "a:1",
      "a:1",
    ]);
    const cluster = clusterWith([["neon.safekeepers", "a:1"]]);
    const other = { mode: '{"Static": "0/1"}', safekeeper_connstrings: undefined, cluster };
    assert.deepEqual(derived(other).safekeepers.hostPorts, []);
  });
});

describe("what the original only meets later (chapter 02 trap 16, SPEC-31)", () => {
  const info = (json: string): SpecChange => ({ pageserver_connstring: undefined, pageserver_connection_info: json });
  const one = '{"pageservers": [{"libpq_url": "postgres://a"}]}';

  it("takes one shard either as count 0 or as count 1", () => {
    assert.equal(derived(info(`{"shard_count": 0, "shards": {"0000": ${one}}}`)).pageservers.shardCount, 0);
    assert.equal(derived(info(`{"shard_count": 1, "shards": {"0001": ${one}}}`)).pageservers.shardCount, 1);
  });

  it("refuses missing and empty shards, and several shards without a stripe size", () => {
    assert.deepEqual(messages(info(`{"shard_count": 3, "shards": {"0003": ${one}, "0203": {"pageservers": []}}}`)), [
      "3 shards but no stripe_size",
      "shard 0103 missing from pageserver_connection_info shard map",
      "shard has no pageserver",
    ]);
    assert.equal(messages(info(`{"shard_count": 1, "shards": {"0000": ${one}}}`)).length, 1);
  });

  it("warns of shards that the tenant does not have", () => {
    assert.deepEqual(warnings(info(`{"shard_count": 0, "shards": {"0000": ${one}, "0102": ${one}}}`)), [
      "pageserver_connection_info has shards that the tenant does not have: 0102",
    ]);
  });

  it("refuses renames without a new name, behind the original's own problems", () => {
    const deltas =
      '[{"action": "delete_db", "name": "a"}, {"action": "rename_role", "name": "b"}, {"action": "x", "name": "c"}]';
    const derivation = derive(configText({ delta_operations: deltas, tenant_id: undefined }));
    assert.ok(!derivation.ok);
    assert.deepEqual(
      derivation.refusal.problems.map(({ path, message }) => `${path}: ${message}`),
      ["spec.tenant_id: tenant id should be provided", "spec.delta_operations[1]: rename_role without new_name"],
    );
  });
});

describe("warnings", () => {
  it("name values that the original would take literally, to its harm (chapter 02 traps 3 and 4)", () => {
    const told = warnings({ reconfigure_concurrency: "0", suspend_timeout_seconds: "-2" }).join("\n");
    assert.match(told, /reconfigure_concurrency is 0, .*: taken as 1/);
    assert.match(told, /suspend_timeout_seconds is -2: taken as the default/);
    assert.deepEqual(warnings({ reconfigure_concurrency: "1", suspend_timeout_seconds: "-1" }), []);
  });

  it("SPEC-31: name delta operations of unknown kinds, each kind once", () => {
    const operations =
      '[{"action": "a", "name": "x"}, {"action": "a", "name": "y"}, {"action": "delete_db", "name": "z"}]';
    assert.deepEqual(warnings({ delta_operations: operations }), ["delta operations of unknown kinds are ignored: a"]);
  });

  it("name settings that come twice in any case (trap 6)", () => {
    const cluster = clusterWith([
      ["Port", "1"],
      ["work_mem", "1MB"],
      ["port", "2"],
    ]);
    assert.deepEqual(warnings({ cluster }), ["cluster.settings has port 2 times: Postgres takes the last"]);
  });

  it("name storage settings that contradict the fields, without showing their values (trap 7)", () => {
    const stale = clusterWith([
      ["neon.pageserver_connstring", "postgres://u:secret@old"],
      ["neon.safekeepers", "127.0.0.1:5454"],
      ["neon.tenant_id", tenant.toUpperCase()],
    ]);
    assert.deepEqual(warnings({ cluster: stale }), [
      "cluster.settings has another neon.pageserver_connstring than the spec, and Postgres takes it",
    ]);
    assert.deepEqual(warnings({ ...onlySettings, cluster: clusterWith(storageSettings) }), []);
  });
});
