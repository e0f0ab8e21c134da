import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeConfig, decodeControlPlaneResponse, decodePayload } from "../decode.ts";
import { deriveSpec } from "../derive.ts";
import { clusterWith, configText, type SpecChange, specText } from "../test-config.ts";
import type { Config } from "../types.ts";
import { type RepairName, repairTable } from "./table.ts";

const id = "00112233-4455-6677-8899-aabbccddeeff";
const undashed = "00112233445566778899aabbccddeeff";
const goodKey = '{"kty": "OKP", "crv": "Ed25519", "x": "AA"}';

/** An odd text, what is asked of it once it is repaired, and the warning. */
interface Example {
  readonly text: string;
  readonly reads: (config: Config) => unknown;
  readonly as: unknown;
  readonly warning: RegExp;
  /** What the original says: why it refuses the document, or nothing when it reads it. */
  readonly original: RegExp | "reads it";
}

const withSpec = (change: SpecChange): string => configText(change);
const settings = (json: string): SpecChange => ({ cluster: `{"roles": [], "databases": [], "settings": ${json}}` });
const shards = (count: number, key: string): SpecChange => ({
  pageserver_connstring: undefined,
  pageserver_connection_info: `{"shard_count": ${count}, "shards": {"${key}": {"pageservers": [{"libpq_url": "postgres://a"}]}}}`,
});

/** One for each repair: the compiler asks for it. */
const examples: Readonly<Record<RepairName, Example>> = {
  "spec members beside compute_ctl_config": {
    text: '{"format_version": "1.0", "compute_ctl_config": {"jwks": {"keys": []}}}',
    reads: ({ spec }) => spec,
    as: null,
    warning:
      /^there is no spec, but format_version beside compute_ctl_config: waiting for a spec \(put .* into "spec": \{…\}\)$/,
    original: "reads it",
  },
  "missing suspend_timeout_seconds": {
    text: withSpec({ suspend_timeout_seconds: undefined }),
    reads: ({ spec }) => spec?.suspendTimeoutSeconds,
    as: 0n,
    warning: /^spec\.suspend_timeout_seconds: missing, taken as 0 \(write "suspend_timeout_seconds": 0\)$/,
    original: /missing field `suspend_timeout_seconds`/,
  },
  "null for a list": {
    text: withSpec({ cluster: '{"roles": null, "databases": null}', features: "null" }),
    reads: ({ spec }) => [spec?.cluster.roles, spec?.cluster.databases, spec?.features],
    as: [[], [], []],
    warning: /^spec\.features: null, taken as \[\] \(write \[\]\); so 2 more$/,
    original: /invalid type: null, expected a sequence/,
  },
  "unreadable key among good ones": {
    text: configText({}, `{"jwks": {"keys": [{"kty": "OKP", "crv": "X25519", "x": "AA"}, ${goodKey}]}}`),
    reads: ({ computeCtlConfig }) => computeCtlConfig.jwks.length,
    as: 1,
    warning: /^compute_ctl_config\.jwks\.keys\[0\]: not a usable key, skipped/,
    original: /did not match any variant/,
  },
  "null for the mode": {
    text: withSpec({ mode: "null" }),
    reads: ({ spec }) => spec?.mode,
    as: { kind: "primary" },
    warning: /^spec\.mode: null, taken as "Primary"/,
    original: /expected value/,
  },
  "status word in another case": {
    text: `{"status": "ATTACHED", "spec": ${specText()}, "compute_ctl_config": {"jwks": {"keys": []}}}`,
    reads: ({ spec }) => spec?.formatVersion,
    as: 1,
    warning: /^status: `ATTACHED`, taken as "attached" \(write "attached"\)$/,
    original: /unknown variant `ATTACHED`/,
  },
  "missing vartype": {
    text: withSpec(settings('[{"name": "work_mem", "value": "8MB"}, {"name": "port", "value": "5", "vartype": null}]')),
    reads: ({ spec }) => spec?.cluster.settings?.map(({ vartype }) => vartype),
    as: ["string", "string"],
    warning: /^spec\.cluster\.settings\[0\]\.vartype: missing, taken as "string" .*; so 1 more$/,
    original: /missing field `vartype`/,
  },
  "number for the text of a value": {
    text: withSpec(settings('[{"name": "max_connections", "value": 100, "vartype": "integer"}]')),
    reads: ({ spec }) => spec?.cluster.settings,
    as: [{ name: "max_connections", value: "100", vartype: "integer" }],
    warning: /^spec\.cluster\.settings\[0\]\.value: the number 100, taken as text \(write "100"\)$/,
    original: /invalid type: integer `100`, expected a string/,
  },
  "shard key without padding": {
    text: withSpec(shards(1, "1")),
    reads: ({ spec }) => [...(spec?.pageserverConnectionInfo?.shards.keys() ?? [])],
    as: ["0001"],
    warning: /^spec\.pageserver_connection_info\.shards\.1: the key `1`, taken as 0001 \(write "0001": /,
    original: /invalid shard index `1`/,
  },
  "id with dashes": {
    text: withSpec({ tenant_id: `"${id}"` }),
    reads: ({ spec }) => spec?.tenantId,
    as: undashed,
    warning: new RegExp(`^spec\\.tenant_id: \`${id}\`, taken as ${undashed}`),
    original: /Invalid string length/,
  },
  "setting neon.tenant_id with dashes": {
    text: withSpec({ tenant_id: undefined, cluster: clusterWith([["neon.tenant_id", id]]) }),
    reads: ({ spec }) => spec?.cluster.settings?.[0]?.value,
    as: undashed,
    warning: /^spec\.cluster\.settings\[0\]\.value: /,
    original: "reads it",
  },
  "setting neon.timeline_id with dashes": {
    text: withSpec({ timeline_id: undefined, cluster: clusterWith([["neon.timeline_id", id]]) }),
    reads: ({ spec }) => spec?.cluster.settings?.[0]?.value,
    as: undashed,
    warning: /^spec\.cluster\.settings\[0\]\.value: /,
    original: "reads it",
  },
  "empty password": {
    text: withSpec({ cluster: '{"roles": [{"name": "a", "encrypted_password": ""}], "databases": []}' }),
    reads: ({ spec }) => spec?.cluster.roles[0]?.encryptedPassword,
    as: null,
    warning: /^spec\.cluster\.roles\[0\]\.encrypted_password: empty, taken as no password \(write null\)$/,
    original: "reads it",
  },
  "safekeeper as a URL": {
    text: withSpec({
      safekeeper_connstrings: '["postgresql://postgres:geheim@sk-0:5454", "postgres://[fd00::1]", "sk-2:1"]',
    }),
    reads: ({ spec }) => spec?.safekeeperConnstrings,
    as: ["sk-0:5454", "[fd00::1]:5454", "sk-2:1"],
    warning: /^spec\.safekeeper_connstrings\[0\]: a URL, taken as sk-0:5454 \(write "sk-0:5454"\); so 1 more$/,
    original: "reads it",
  },
  "setting with safekeepers as URLs": {
    text: withSpec({
      safekeeper_connstrings: undefined,
      cluster: clusterWith([["neon.safekeepers", "postgresql://u:geheim@sk-0:5454/x?y=1,sk-1:6"]]),
    }),
    reads: ({ spec }) => spec?.cluster.settings?.[0]?.value,
    as: "sk-0:5454,sk-1:6",
    warning: /^spec\.cluster\.settings\[0\]\.value: URLs in neon\.safekeepers, taken as sk-0:5454,sk-1:6/,
    original: "reads it",
  },
};

/** Reads a text in whatever form its repair is for. */
function read(name: RepairName, text: string, strict: boolean) {
  const { input } = repairTable.find((repair) => repair.name === name) ?? { input: "any" };
  if (input === "any") return decodeConfig(text, { source: "file", strict });
  const decoded = decodeControlPlaneResponse(text, { strict });
  return decoded.ok ? { ...decoded, value: decoded.value.config } : decoded;
}

describe("repairs (FIELD-1, FIELD-4, FIELD-8)", () => {
  for (const { name } of repairTable) {
    const { text, reads, as, warning, original } = examples[name];

    it(`${name}: is repaired, with one warning`, () => {
      const decoded = read(name, text, false);
      assert.ok(decoded.ok, decoded.ok ? "" : JSON.stringify(decoded.refusal));
      assert.deepEqual(reads(decoded.value), as);
      assert.equal(decoded.warnings.length, 1, decoded.warnings.join("\n"));
      assert.match(decoded.warnings[0] ?? "", warning);
      assert.doesNotMatch(decoded.warnings.join(), /geheim/);
    });

    it(`${name}: is as the original takes it with --strict`, () => {
      const decoded = read(name, text, true);
      if (original === "reads it") {
        assert.ok(decoded.ok);
        assert.deepEqual(decoded.warnings, []);
      } else {
        assert.ok(!decoded.ok);
        assert.match(decoded.refusal.problems.map(({ message }) => message).join("; "), original);
      }
    });
  }

  it("change nothing in what the original accepts and can use (FIELD-1)", () => {
    const odd: readonly SpecChange[] = [
      {},
      { features: '["x"]', mode: '"Replica"', suspend_timeout_seconds: "-1" },
      { cluster: clusterWith([["neon.tenant_id", id]]) },
      settings(
        '[{"name": "a", "value": null, "vartype": "string"}, {"name": "log_line_prefix", "value": "{{x}}", "vartype": "string"}]',
      ),
      {
        pageserver_connection_info:
          '{"shard_count": 0, "shards": {"0000": {"pageservers": [{}]}, "ffff": {"pageservers": []}}}',
      },
    ];
    for (const change of odd) {
      const [lenient, strict] = [false, true].map((strict) =>
        decodeConfig(configText(change), { source: "file", strict }),
      );
      assert.deepEqual(lenient, strict);
    }
  });

  it("apply to a spec without its wrapper, whose paths are shorter", () => {
    const text = specText({
      features: "null",
      cluster: '{"roles": [{"name": "a", "encrypted_password": ""}], "databases": []}',
    });
    const decoded = decodePayload(text, { strict: false });
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.warnings, [
      "features: null, taken as [] (write [])",
      "cluster.roles[0].encrypted_password: empty, taken as no password (write null)",
    ]);
  });

  it("leave a shard key alone that could mean two things, and show how it is written", () => {
    const decoded = decodeConfig(withSpec(shards(2, "0")), { source: "file", strict: false });
    assert.ok(!decoded.ok);
    assert.match(decoded.refusal.problems[0]?.hint ?? "", /^write "0002" for shard 0 of 2$/);
  });

  it("leave an input with no good key refused", () => {
    const text = configText({}, '{"jwks": {"keys": [{"kty": "XXX"}]}}');
    assert.equal(decodeConfig(text, { source: "file", strict: false }).ok, false);
  });

  it("name only what is left wrong when they are not enough", () => {
    const decoded = decodeConfig(withSpec({ features: "null", mode: '"primary"' }), { source: "http", strict: false });
    assert.ok(!decoded.ok);
    assert.deepEqual(
      decoded.refusal.problems.map(({ path }) => path),
      ["spec.mode"],
    );
  });

  it("make a config that derives of one with every oddity at once", () => {
    const change: SpecChange = {
      suspend_timeout_seconds: undefined,
      mode: "null",
      tenant_id: `"${id}"`,
      safekeeper_connstrings: '["postgresql://postgres:@sk-0:5454"]',
      cluster: '{"roles": null, "databases": null, "settings": [{"name": "port", "value": 5432}]}',
    };
    const decoded = decodeConfig(configText(change), { source: "http", strict: false });
    assert.ok(decoded.ok && decoded.value.spec !== null);
    const derived = deriveSpec(decoded.value.spec);
    assert.ok(derived.ok);
    assert.deepEqual(derived.value.safekeepers.hostPorts, ["sk-0:5454"]);
    assert.equal(decoded.warnings.length, 7);
  });
});
