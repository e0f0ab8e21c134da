import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeConfig } from "./decode.ts";
import { configText } from "./test-config.ts";
import type { Jwk, Problem } from "./types.ts";

function decodeKey(members: Readonly<Record<string, unknown>>): Jwk | readonly Problem[] {
  const text = configText({}, JSON.stringify({ jwks: { keys: [members] } }));
  const decoding = decodeConfig(text, { source: "file", strict: true });
  if (!decoding.ok) {
    assert.equal(decoding.refusal.kind, "schema");
    return decoding.refusal.problems;
  }
  const [key] = decoding.value.computeCtlConfig.jwks;
  assert.ok(key !== undefined);
  return key;
}

const okp = { kty: "OKP", crv: "Ed25519", x: "AA" };

describe("JWK (SPEC-22)", () => {
  it("takes each key type with its own members", () => {
    const keys: readonly Readonly<Record<string, string>>[] = [
      okp,
      { kty: "OKP", crv: "P-256", x: "AA" },
      { kty: "EC", crv: "P-521", x: "AA", y: "BB" },
      { kty: "RSA", n: "AA", e: "AQAB" },
      { kty: "oct", k: "AA" },
    ];
    for (const { kty, ...material } of keys)
      assert.deepEqual(decodeKey({ kty, ...material }), { kty, alg: null, kid: null, use: null, material });
  });

  it("takes nulls for the common members, and any use, operation and further member", () => {
    const key = decodeKey({ ...okp, alg: null, kid: null, use: "anything", key_ops: ["x"], x5c: null, d: "private" });
    assert.deepEqual(key, { kty: "OKP", alg: null, kid: null, use: "anything", material: { crv: "Ed25519", x: "AA" } });
  });

  it("does not look at what the key material decodes to (chapter 02 trap 22)", () => {
    assert.ok("material" in decodeKey({ ...okp, x: "not base64 at all!" }));
  });

  const refused: readonly (readonly [why: string, key: Readonly<Record<string, unknown>>, hint: RegExp])[] = [
    ["an unknown key type", { ...okp, kty: "XXX" }, /kty: unknown variant `XXX`/],
    ["no key type", { crv: "Ed25519", x: "AA" }, /missing field `kty`/],
    ["an unknown curve", { ...okp, crv: "X25519" }, /crv: unknown variant `X25519`/],
    ["a missing coordinate", { kty: "EC", crv: "P-256", x: "AA" }, /missing field `y`/],
    ["material of another type", { ...okp, x: 424242 }, /x: invalid type, expected a string/],
  ];
  for (const [why, key, hint] of refused)
    it(`refuses ${why}, and says which in the hint`, () => {
      const result = decodeKey(key);
      assert.ok(!("kty" in result));
      assert.equal(result[0]?.path, "compute_ctl_config.jwks.keys[0]");
      assert.match(result[0]?.message ?? "", /did not match any variant/);
      assert.match(result[0]?.hint ?? "", hint);
    });

  it("refuses an unknown algorithm and operations that are no texts", () => {
    const problems = decodeKey({ ...okp, alg: "ES512", key_ops: [1] });
    assert.ok(!("kty" in problems));
    assert.deepEqual(
      problems.map(({ path }) => path),
      ["compute_ctl_config.jwks.keys[0].alg", "compute_ctl_config.jwks.keys[0].key_ops[0]"],
    );
  });
});
