import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeConfig, decodeControlPlaneResponse } from "./decode.ts";
import { deriveFirstSpec } from "./first-spec.ts";
import { specText } from "./test-config.ts";

const emptyShards = {
  pageserver_connstring: undefined,
  pageserver_connection_info: '{"shard_count": 0, "shards": {}}',
};
const text = (status: string, change = {}): string =>
  `{"status": "${status}", "spec": ${specText(change)}, "compute_ctl_config": {"jwks": {"keys": []}}}`;

describe("deriveFirstSpec (FIELD-8)", () => {
  it("waits when the config says empty beside a spec that does not derive, with one warning", () => {
    const fromFile = decodeConfig(text("EMPTY", emptyShards), { source: "file", strict: false });
    const fromControlPlane = decodeControlPlaneResponse(text("empty", emptyShards), { strict: false });
    assert.ok(fromFile.ok && fromControlPlane.ok);
    for (const config of [fromFile.value, fromControlPlane.value.config]) {
      const first = deriveFirstSpec(config);
      assert.ok(first.ok);
      assert.equal(first.value, null);
      assert.equal(first.warnings.length, 1);
      assert.match(first.warnings[0] ?? "", /shard 0000 missing .*waiting for a spec/);
    }
  });

  it("refuses it with --strict, and when the config does not say so", () => {
    const strict = decodeConfig(text("empty", emptyShards), { source: "file", strict: true });
    const attached = decodeConfig(text("attached", emptyShards), { source: "file", strict: false });
    assert.ok(strict.ok && attached.ok);
    for (const config of [strict.value, attached.value]) assert.equal(deriveFirstSpec(config).ok, false);
  });

  it("uses a spec that derives, whatever the status says (SPEC-81)", () => {
    const config = decodeConfig(text("empty"), { source: "file", strict: false });
    assert.ok(config.ok);
    const first = deriveFirstSpec(config.value);
    assert.ok(first.ok && first.value !== null);
  });
});
