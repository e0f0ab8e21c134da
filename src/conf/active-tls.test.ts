import assert from "node:assert/strict";
import test from "node:test";
import { activeTls } from "./active-tls.ts";
import { sampleSpec } from "./sample-spec.ts";

const paths = { keyPath: "/tls/key", certPath: "/tls/crt" };

test("CONF-50, SPEC-23: TLS needs both the paths and the feature", () => {
  const on = sampleSpec({ features: ["other", "tls_experimental"] }).spec;
  assert.equal(activeTls(on, paths), paths);
  assert.equal(activeTls(on, null), null);
  assert.equal(activeTls(sampleSpec({ features: ["other"] }).spec, paths), null);
});
