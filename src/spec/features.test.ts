import assert from "node:assert/strict";
import { it } from "node:test";
import { decodePayload } from "./decode.ts";
import { hasFeature, unknownFeatures } from "./features.ts";
import { specText } from "./test-config.ts";

it("features are known by exact name, and unknown ones listed once each (SPEC-60)", () => {
  const decoding = decodePayload(specText({ features: '["x", "tls_experimental", "x", "TLS_experimental"]' }), {
    strict: true,
  });
  assert.ok(decoding.ok && decoding.value.spec !== null);
  const { spec } = decoding.value;
  assert.ok(hasFeature(spec, "tls_experimental"));
  assert.ok(!hasFeature(spec, "activity_monitor_experimental"));
  assert.deepEqual(unknownFeatures(spec), ["x", "TLS_experimental"]);
});
