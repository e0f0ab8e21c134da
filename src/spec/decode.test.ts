import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { type Decoding, decodeConfig, decodeControlPlaneResponse, decodePayload } from "./decode.ts";
import { deriveSpec } from "./derive.ts";
import { configText, type SpecChange, specText } from "./test-config.ts";
import type { ComputeSpec, Config, Problem, Refusal } from "./types.ts";

const fixtures = new URL("../../test/fixtures/", import.meta.url);
const fixture = (name: string): Buffer => readFileSync(new URL(name, fixtures));

function accepted<T>(decoding: Decoding<T>): T {
  assert.ok(decoding.ok, decoding.ok ? "" : JSON.stringify(decoding.refusal));
  return decoding.value;
}

function specOf(change: SpecChange): ComputeSpec {
  const { spec } = accepted(decodeConfig(configText(change), { source: "file", strict: true }));
  assert.ok(spec !== null);
  return spec;
}

function refused(decoding: Decoding<unknown>): Refusal {
  assert.ok(!decoding.ok, "accepted");
  return decoding.refusal;
}

/** Class, path and message of the first problem of the minimal spec with a change. */
function refusalOf(change: SpecChange): readonly [kind: string, path: string | undefined, message: string | undefined] {
  const { kind, problems } = refused(decodeConfig(configText(change), { source: "file", strict: true }));
  return [kind, problems[0]?.path, problems[0]?.message];
}

const hintsOf = (problems: readonly Problem[]): string => problems.map(({ hint }) => hint).join();

describe("invalid fixtures", () => {
  const expected: Readonly<Record<string, readonly [kind: Refusal["kind"], message: string]>> = {
    "trailing-comma": ["syntax", "trailing comma"],
    truncated: ["syntax", "EOF while parsing an object"],
    "missing-compute-ctl-config": ["schema", "missing field `compute_ctl_config`"],
    "missing-suspend-timeout": ["schema", "missing field `suspend_timeout_seconds`"],
    "mode-lowercase": ["schema", "unknown variant `primary`"],
    "static-lsn-without-slash": ["schema", "LsnParseError"],
    "tenant-id-not-hex": ["schema", "Invalid character 'g' at position 30"],
    "setting-value-is-number": ["schema", "invalid type: integer `100`, expected a string"],
    "features-null": ["schema", "invalid type: null, expected a sequence"],
    "offload-interval-zero": ["schema", "expected a nonzero u64"],
    "jwk-unknown-curve": ["schema", "did not match any variant"],
    "no-pageserver": ["derive", "pageserver connection information should be provided"],
    "sharded-connstring-without-stripe-size": ["derive", "2 shards but no stripe_size"],
    "primary-without-safekeepers": ["derive", "safekeeper connstrings should be provided"],
    "duplicate-safekeepers": ["derive", "duplicate entry in safekeeper_connstrings: 127.0.0.1:5455!"],
  };

  it("are all listed here", () => {
    const files = readdirSync(new URL("invalid/", fixtures)).sort();
    assert.deepEqual(
      files,
      Object.keys(expected)
        .map((name) => `${name}.json`)
        .sort(),
    );
  });

  for (const [name, [kind, message]] of Object.entries(expected)) {
    for (const source of ["file", "http"] as const) {
      it(`${name} is refused as ${kind}, from ${source} (chapter 02 §12)`, () => {
        const decoding = decodeConfig(fixture(`invalid/${name}.json`), { source, strict: true });
        const outcome = decoding.ok && decoding.value.spec !== null ? deriveSpec(decoding.value.spec) : decoding;
        assert.ok(!outcome.ok);
        assert.equal(outcome.refusal.kind, kind);
        assert.equal(outcome.refusal.problems.length, 1);
        const found = outcome.refusal.problems[0]?.message ?? "";
        assert.ok(found.includes(message), found);
      });
    }
  }
});

describe("valid fixtures", () => {
  const read = (name: string): Config =>
    accepted(decodeConfig(fixture(`${name}.config.json`), { source: "http", strict: true }));

  it("minimal: everything left out has its default (SPEC-11)", () => {
    const { spec, computeCtlConfig } = read("minimal");
    assert.deepEqual(computeCtlConfig, { jwks: [], tls: null });
    assert.deepEqual(spec, {
      formatVersion: 1,
      suspendTimeoutSeconds: 0n,
      cluster: {
        clusterId: null,
        name: null,
        state: null,
        roles: [],
        databases: [],
        postgresqlConf: null,
        settings: null,
      },
      operationUuid: null,
      features: [],
      swapSizeBytes: null,
      diskQuotaBytes: null,
      disableLfcResizing: null,
      deltaOperations: [],
      skipPgCatalogUpdates: false,
      tenantId: "00112233445566778899aabbccddeeff",
      timelineId: "ffeeddccbbaa99887766554433221100",
      pageserverConnectionInfo: null,
      pageserverConnstring: "postgresql://no_user@127.0.0.1:64000",
      shardStripeSize: null,
      projectId: null,
      branchId: null,
      endpointId: null,
      safekeepersGeneration: null,
      safekeeperConnstrings: ["127.0.0.1:5454"],
      mode: { kind: "primary" },
      storageAuthToken: null,
      remoteExtensions: null,
      pgbouncerSettings: null,
      localProxyConfig: null,
      reconfigureConcurrency: 1,
      dropSubscriptionsBeforeStart: false,
      auditLogLevel: "disabled",
      logsExportHost: null,
      endpointStorageAddr: null,
      endpointStorageToken: null,
      autoprewarm: false,
      offloadLfcIntervalSeconds: null,
      databricksSettings: null,
    });
  });

  it("primary: every kind of member arrives under its name", () => {
    const { spec, computeCtlConfig } = read("primary");
    assert.ok(spec !== null);
    assert.equal(spec.swapSizeBytes, 8589934592n);
    assert.deepEqual(spec.features, ["activity_monitor_experimental", "tls_experimental", "flag_from_the_future"]);
    assert.deepEqual(spec.cluster.roles[2]?.options[0], { name: "CONNECTION LIMIT", value: "25", vartype: "integer" });
    assert.deepEqual(spec.cluster.roles[4], { name: "anonymous", encryptedPassword: null, options: [] });
    assert.equal(spec.cluster.databases[1]?.name, `tide tables; $x$ 'n' "q"`);
    assert.deepEqual(spec.deltaOperations[3], { action: "some_future_action", name: "ignored", newName: null });
    assert.deepEqual([...(spec.pageserverConnectionInfo?.shards.keys() ?? [])], ["0004", "0104", "0204", "0304"]);
    assert.equal(spec.pageserverConnectionInfo?.shards.get("0204")?.pageservers[0]?.id, 42n);
    assert.equal(spec.remoteExtensions?.libraryIndex.get("postgis_raster-3"), "postgis");
    assert.deepEqual([...(spec.pgbouncerSettings?.keys() ?? [])].slice(0, 2), ["default_pool_size", "max_client_conn"]);
    assert.deepEqual(spec.localProxyConfig?.jwks?.[0]?.roleNames, ["authenticated", "anonymous"]);
    assert.equal(spec.auditLogLevel, "base");
    assert.equal(spec.offloadLfcIntervalSeconds, 300n);
    assert.deepEqual(computeCtlConfig.tls, {
      keyPath: "/etc/compute-tls/tls.key",
      certPath: "/etc/compute-tls/tls.crt",
    });
    assert.deepEqual(computeCtlConfig.jwks[1], {
      kty: "OKP",
      alg: "EdDSA",
      kid: "OfcT0KZEJT8EUpQhufUbmwiXnQgpWVnE85kO5hf1E58",
      use: "sig",
      material: { crv: "Ed25519", x: "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw" },
    });
  });

  it("replica: mode, a negative timeout and an explicit null for tls", () => {
    const { spec, computeCtlConfig } = read("replica");
    assert.deepEqual(spec?.mode, { kind: "replica" });
    assert.equal(spec?.suspendTimeoutSeconds, -1n);
    assert.equal(computeCtlConfig.tls, null);
  });
});

describe("decoding a spec (chapter 02, test vectors)", () => {
  it("keeps unknown and repeated features (SPEC-60)", () => {
    assert.deepEqual(specOf({ features: '["x", "tls_experimental", "x"]' }).features, ["x", "tls_experimental", "x"]);
  });

  it("classes a wrong type for an enum as syntax (SPEC-17)", () => {
    assert.deepEqual(refusalOf({ features: "[1]" }).slice(0, 2), ["syntax", "spec.features[0]"]);
    for (const mode of ["null", "3", '{"Static": "0/1", "Primary": null}'])
      assert.deepEqual(refusalOf({ mode }).slice(0, 2), ["syntax", "spec.mode"], mode);
    assert.equal(refusalOf({ audit_log_level: "null" })[0], "syntax");
  });

  it("reads a static LSN with blanks around it and in any case (SPEC-61)", () => {
    assert.deepEqual(specOf({ mode: '{"Static": " 1/ab "}' }).mode, { kind: "static", lsn: 0x1_0000_00abn });
    assert.deepEqual(specOf({ mode: '{"Primary": null}' }).mode, { kind: "primary" });
  });

  it("refuses a static mode without LSN, or with a number, and a lower-case audit level, as schema", () => {
    assert.equal(refusalOf({ mode: '"Static"' })[0], "schema");
    assert.deepEqual(refusalOf({ mode: '{"Static": 5}' }).slice(0, 2), ["schema", "spec.mode.Static"]);
    assert.equal(refusalOf({ audit_log_level: '"base"' })[0], "schema");
  });

  it("reads old names of audit levels (SPEC-65)", () => {
    assert.equal(specOf({ audit_log_level: '"Log"' }).auditLogLevel, "base");
    assert.equal(specOf({ audit_log_level: '"Hipaa"' }).auditLogLevel, "extended");
  });

  it("takes empty objects and nulls where they may be", () => {
    const spec = specOf({
      format_version: "1",
      pgbouncer_settings: "{}",
      local_proxy_config: "{}",
      cluster: '{"roles": [], "databases": [], "settings": null}',
    });
    assert.equal(spec.pgbouncerSettings?.size, 0);
    assert.deepEqual(spec.localProxyConfig, { jwks: null, tls: null });
    assert.equal(spec.cluster.settings, null);
  });

  it("keeps all 64 bits of a size, and refuses what is no u64 (chapter 02 trap 1)", () => {
    assert.equal(specOf({ swap_size_bytes: "18446744073709551615" }).swapSizeBytes, 18446744073709551615n);
    for (const size of ["18446744073709551616", "1.0", '"1"'])
      assert.deepEqual(refusalOf({ swap_size_bytes: size }).slice(0, 2), ["schema", "spec.swap_size_bytes"], size);
  });

  it("refuses null for every member with a default (SPEC-11, chapter 02 trap 2)", () => {
    const names = ["skip_pg_catalog_updates", "safekeeper_connstrings", "reconfigure_concurrency", "autoprewarm"];
    for (const name of [...names, "drop_subscriptions_before_start"])
      assert.deepEqual(refusalOf({ [name]: "null" }).slice(0, 2), ["schema", `spec.${name}`]);
  });

  it("refuses a number as a pgbouncer setting", () => {
    assert.equal(
      refusalOf({ pgbouncer_settings: '{"default_pool_size": 64}' })[1],
      "spec.pgbouncer_settings.default_pool_size",
    );
  });

  it("BASE-11: takes shard keys that differ only in case for one, of which the last stays", () => {
    const shards = '{"000A": {"pageservers": []}, "000a": {"pageservers": [{"id": 9}]}}';
    const info = specOf({
      pageserver_connection_info: `{"shard_count": 0, "shards": ${shards}}`,
    }).pageserverConnectionInfo;
    assert.deepEqual(
      [...(info?.shards ?? [])],
      [["000a", { pageservers: [{ id: 9n, libpqUrl: null, grpcUrl: null }] }]],
    );
    assert.equal(info?.preferProtocol, "libpq");
  });

  it("BASE-11: refuses a shard count above 255, a short shard key and an unknown protocol", () => {
    const path = "spec.pageserver_connection_info";
    const refusedPath = (info: string): string | undefined => refusalOf({ pageserver_connection_info: info })[1];
    assert.equal(refusedPath('{"shard_count": 256, "shards": {}}'), `${path}.shard_count`);
    assert.equal(refusedPath('{"shard_count": 0, "shards": {"002": {"pageservers": []}}}'), `${path}.shards.002`);
    assert.equal(refusedPath('{"shard_count": 0, "shards": {}, "prefer_protocol": "http"}'), `${path}.prefer_protocol`);
  });

  it("ignores members of a database that are for output only", () => {
    const cluster = '{"roles": [], "databases": [{"name": "d", "owner": "o", "invalid": 7, "invalid": 8}]}';
    assert.deepEqual(specOf({ cluster }).cluster.databases, [{ name: "d", owner: "o", options: [] }]);
  });

  it("never shows a password or token in a problem", () => {
    const cluster = '{"roles": [{"name": "r", "encrypted_password": 424242}], "databases": []}';
    const change = { cluster, storage_auth_token: "535353", endpoint_storage_token: "[646464]" };
    const { problems } = refused(decodeConfig(configText(change), { source: "file", strict: true }));
    assert.equal(problems.length, 3);
    assert.doesNotMatch(JSON.stringify(problems), /424242|535353|646464/);
  });

  it("tells all problems of a config at once", () => {
    const text = configText({ mode: '"x"', format_version: undefined, tenant_id: '"y"' }, '{"jwks": {}}');
    const { problems } = refused(decodeConfig(text, { source: "file", strict: true }));
    assert.deepEqual(
      problems.map(({ path }) => path),
      ["spec.tenant_id", "spec.mode", "spec", "compute_ctl_config.jwks"],
    );
  });
});

describe("decodeConfig", () => {
  it("takes a file without spec, and refuses a body without one (SPEC-20)", () => {
    const withoutSpec = '{"compute_ctl_config": {"jwks": {"keys": []}}}';
    const nullSpec = '{"spec": null, "compute_ctl_config": {"jwks": {"keys": []}}}';
    for (const text of [withoutSpec, nullSpec]) {
      assert.equal(accepted(decodeConfig(text, { source: "file", strict: true })).spec, null);
      assert.equal(refused(decodeConfig(text, { source: "http", strict: true })).kind, "schema");
    }
  });

  it("refuses a repeated spec as schema, and bytes behind the document as syntax (SPEC-14, T-20)", () => {
    const repeated = '{"spec": null, "spec": null, "compute_ctl_config": {"jwks": {"keys": []}}}';
    assert.equal(refused(decodeConfig(repeated, { source: "file", strict: true })).kind, "schema");
    for (const source of ["file", "http"] as const)
      assert.equal(refused(decodeConfig(`${configText()} x`, { source, strict: true })).kind, "syntax");
  });

  it("refuses bytes that are not UTF-8 as syntax", () => {
    assert.equal(
      refused(decodeConfig(Buffer.from([0x22, 0xff, 0x22]), { source: "file", strict: true })).kind,
      "syntax",
    );
  });

  it("refuses a null for the wrapper's own part, and an array for the whole (SPEC-20, SPEC-21)", () => {
    assert.equal(
      refused(decodeConfig(configText({}, "null"), { source: "file", strict: true })).problems[0]?.path,
      "compute_ctl_config",
    );
    assert.equal(refused(decodeConfig("[]", { source: "http", strict: true })).kind, "schema");
  });

  it("hints at the usual mistakes (FIELD-5)", () => {
    const hints = (text: string): string =>
      hintsOf(refused(decodeConfig(text, { source: "file", strict: true })).problems);
    assert.match(hints(specText()), /bare spec: wrap it/);
    assert.match(hints('{"spec": null, "jwks": {"keys": []}}'), /move jwks into/);
    assert.match(hints('{"spec": null}'), /add "compute_ctl_config"/);
    assert.match(hints(configText({}, '{"jwks": []}')), /\{"keys": \[…\]\}/);
    assert.match(hints(configText({ mode: '"replica"' })), /write "Replica"$/);
    assert.match(hints(configText({ mode: '{"Local": {}}' })), /"Primary", or "Replica", or \{"Static"/);
    assert.match(hints(configText({ tenant_id: '"5e1f0c7a-9b3d-4826-a1c0-f4e97d2b6835"' })), /without dashes/);
    assert.match(hints(configText({ tenant_id: '"{{ tenant }}"' })), /placeholder/);
    assert.match(
      hints(configText({ cluster: '{"roles": [], "databases": [], "settings": {"port": 5432}}' })),
      /are a list/,
    );
    assert.equal(hints(configText({ mode: '"replica"' }).replace("mode", "autoprewarm")), "");
  });
});

describe("decodePayload (CLI-8)", () => {
  it("wraps a bare spec, which may lack suspend_timeout_seconds, with an empty key set", () => {
    const { spec, computeCtlConfig } = accepted(
      decodePayload(specText({ suspend_timeout_seconds: undefined }), { strict: true }),
    );
    assert.equal(spec?.suspendTimeoutSeconds, 0n);
    assert.deepEqual(computeCtlConfig, { jwks: [], tls: null });
  });

  it("takes anything with one of the wrapper's members for a config", () => {
    const jwks = '{"jwks": {"keys": [{"kty": "oct", "k": "AA"}]}}';
    assert.equal(accepted(decodePayload(configText({}, jwks), { strict: true })).computeCtlConfig.jwks.length, 1);
    assert.equal(refused(decodePayload(`{"spec": ${specText()}}`, { strict: true })).kind, "schema");
    assert.equal(
      refused(decodePayload(configText({ suspend_timeout_seconds: undefined }), { strict: true })).kind,
      "schema",
    );
  });
});

describe("decodeControlPlaneResponse (SPEC-81)", () => {
  const keys = '"compute_ctl_config": {"jwks": {"keys": []}}';

  it("reads status, spec and keys", () => {
    const attached = accepted(
      decodeControlPlaneResponse(`{"status": "attached", "spec": ${specText()}, ${keys}}`, { strict: true }),
    );
    assert.equal(attached.status, "attached");
    assert.notEqual(attached.config.spec, null);
    const empty = accepted(decodeControlPlaneResponse(`{"status": "empty", ${keys}}`, { strict: true }));
    assert.deepEqual(empty, {
      status: "empty",
      config: { spec: null, computeCtlConfig: { jwks: [], tls: null }, declaredEmpty: false },
    });
  });

  it("refuses an unknown, a missing and an ill-typed status", () => {
    assert.equal(refused(decodeControlPlaneResponse(`{"status": "Empty", ${keys}}`, { strict: true })).kind, "schema");
    assert.equal(refused(decodeControlPlaneResponse(`{${keys}}`, { strict: true })).kind, "schema");
    assert.equal(refused(decodeControlPlaneResponse(`{"status": null, ${keys}}`, { strict: true })).kind, "syntax");
  });
});
