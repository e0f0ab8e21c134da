import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, it } from "node:test";
import type { Jwk } from "../../spec/types.ts";
import { ask, signToken, specKey, startTestServer, tokenA } from "../test-support.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });

function rsaKey(alg: string | null, { publicKey } = rsa): Jwk {
  const { n = "", e = "" } = publicKey.export({ format: "jwk" });
  return { kty: "RSA", alg, kid: "rsa-key", use: null, material: { n, e } };
}

function rsaToken(claims: string, alg = "RS256", privateKey: KeyObject = rsa.privateKey): string {
  const signed = [`{"alg":"${alg}"}`, claims].map((part) => Buffer.from(part).toString("base64url")).join(".");
  return `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
}

/** What `GET /status` answers to a token, over a real socket; and the warnings. */
async function check(
  token: string,
  jwks: readonly Jwk[] = [specKey],
  instanceId?: string,
): Promise<{ status: number; error: string; lines: readonly string[] }> {
  const server = await startTestServer({ jwks, ...(instanceId === undefined ? {} : { instanceId }) });
  const { status, body } = await ask(server, "GET", "/status", { headers: { authorization: `Bearer ${token}` } });
  await server.close(0);
  const lines = server.lines.filter((line) => line.startsWith("warn"));
  return { status, error: /"error":"(.*)"/.exec(body)?.[1] ?? "", lines };
}

const mine = '{"compute_id":"compute-alder-7"}';
const seconds = Math.floor(Date.now() / 1000);

describe("tokens signed by the spec's key", () => {
  const vectors: readonly [name: string, claims: string, signature: string, status: number, error?: string][] = [
    ["A", mine, "J5nWAzUB", 200],
    ["B", '{"scope":"compute_ctl:admin","aud":["compute"]}', "m97wSQeD", 200],
    ["C", "{}", "4wH3qhaD", 403, "missing compute_id"],
    ["D", '{"compute_id":"compute-birch-9"}', "kD_ceUuN", 403, "invalid compute ID"],
    ["E", '{"scope":"compute_ctl:admin"}', "_ae0z3KL", 401, "missing audience"],
    // FIELD-7 over HTTP-28: under --strict it is 401, which the tests of the claims show.
    ["F", '{"scope":"compute_ctl:admin","aud":"compute"}', "9_gaNL-m", 200],
    ["G", '{"compute_id":"compute-alder-7","exp":1000000000}', "kold6XXE", 401, "failed to verify"],
    ["H", '{"scope":"compute_ctl:admin","aud":["other"]}', "GCjOfRNw", 401, "invalid audience"],
    ["I", '{"compute_id":"compute-alder-7","scope":"reader"}', "DsBYBWiQ", 401, "failed to verify"],
    ["K", '{"compute_id":"compute-alder-7","exp":"1000000000"}', "b9rBXz-0", 401, "failed to verify"],
  ];
  for (const [name, claims, signature, status, error = ""] of vectors) {
    it(`answers ${status} to vector ${name} (HTTP-28, HTTP-29, T-4)`, async () => {
      const token = signToken(claims);
      assert.equal(token.split(".")[2]?.slice(0, 8), signature);
      const result = await check(token);
      assert.equal(result.status, status);
      if (status !== 200) assert.ok(result.error.startsWith(error), result.error);
    });
  }

  it("ignores the token's kid: vector J (HTTP-27, HTTP-30)", async () => {
    const token = signToken('{"compute_id":"compute-alder-7","aud":["other"]}', '{"alg":"EdDSA","kid":"unknown"}');
    assert.equal(token.split(".")[2]?.slice(0, 8), "wdefQs75");
    assert.equal((await check(token)).status, 200);
  });

  const relative: readonly [what: string, claims: string, status: number][] = [
    ["just expired", `"exp":${seconds - 50}`, 200],
    ["expired beyond the leeway", `"exp":${seconds - 100}`, 401],
    ["not valid yet", `"nbf":${seconds + 10_000}`, 200],
  ];
  for (const [what, claim, status] of relative) {
    it(`answers ${status} to a token that is ${what} (HTTP-29)`, async () => {
      assert.equal((await check(signToken(`{"compute_id":"compute-alder-7",${claim}}`))).status, status);
    });
  }
});

describe("tokens that nobody should have", () => {
  const [header = "", claims = "", signature = ""] = tokenA.split(".");
  const part = (text: string): string => Buffer.from(text).toString("base64url");
  const forged: readonly [what: string, token: string][] = [
    ["with alg none", `${part('{"alg":"none"}')}.${claims}.`],
    ["with alg none and A's signature", `${part('{"alg":"none"}')}.${claims}.${signature}`],
    ["for another compute under A's signature", `${header}.${part('{"compute_id":"x"}')}.${signature}`],
    ["whose key is its own", signToken(mine, '{"alg":"HS256"}')],
    ["with padding", `${header}.${claims}.${signature}==`],
    ["in plain base64", `${header}.${claims}.${signature.replaceAll("_", "/").replaceAll("-", "+")}`],
    ["with loose bits at its end", `${tokenA.slice(0, -1)}h`],
    ["with two parts", `${header}.${claims}`],
    ["with four parts", `${tokenA}.AA`],
    ["without alg", signToken(mine, "{}")],
    ["whose claims are no JSON", signToken("sesame")],
  ];
  for (const [what, token] of forged) {
    it(`refuses a token ${what} (HTTP-26, HTTP-27)`, async () => {
      const { status, lines } = await check(token);
      assert.equal(status, 401);
      assert.match(lines.join("\n"), /warn failed to decode authorization token using spec-key-1: /);
    });
  }

  it("never logs any part of the token (HTTP-31)", async () => {
    const expired = signToken('{"compute_id":"compute-alder-7","exp":1}');
    for (const token of [expired, `${tokenA}x`, `x${tokenA}`]) {
      const text = (await check(token)).lines.join("\n");
      for (const secret of token.split(".")) assert.ok(!text.includes(secret), text);
    }
  });
});

describe("the key set", () => {
  const broken: Jwk = { ...specKey, kid: null, material: { crv: "Ed25519", x: "!" } };
  const short: Jwk = { ...specKey, kid: "short", material: { crv: "Ed25519", x: "AAAA" } };

  it("fails every token when it is empty (HTTP-27)", async () => {
    assert.equal((await check(tokenA, [])).status, 401);
  });

  it("skips keys that cannot be decoded, with one warning each at the start (HTTP-27, FIELD-6)", async () => {
    const server = await startTestServer({ jwks: [broken, short, specKey] });
    const warnings = [
      "warn skipping an authorization key, key 1, which has no id: its member x is not strict base64url",
      "warn skipping an authorization key, short: it has 3 bytes, not 32",
    ];
    assert.deepEqual(server.lines.slice(0, 2), warnings);
    for (let round = 0; round < 2; round++) assert.equal((await ask(server, "GET", "/status")).status, 200);
    await server.close(0);
    assert.equal(server.lines.filter((line) => line.startsWith("warn")).length, 2);
  });

  it("tries every key, whatever kid, use and alg say (HTTP-27)", async () => {
    const other = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
    const first: Jwk = { ...specKey, kid: null, material: { crv: "Ed25519", x: other.x ?? "" } };
    const second: Jwk = { ...specKey, use: "enc", alg: "ES256" };
    const { status, lines } = await check(tokenA, [first, second]);
    assert.equal(status, 200);
    assert.equal(lines.length, 1);
  });

  it("answers 401 when a key without kid does not match (T-2, chapter 02 trap 15)", async () => {
    assert.equal((await check(`${tokenA.slice(0, -2)}AA`, [{ ...specKey, kid: null }])).status, 401);
  });

  it("accepts only RS256 as soon as one key is marked so (HTTP-26)", async () => {
    const jwks = [specKey, rsaKey("RS256")];
    assert.equal((await check(tokenA, jwks)).status, 401);
    assert.equal((await check(rsaToken(mine), jwks)).status, 200);
    assert.equal((await check(rsaToken(mine, "RS384"), jwks)).status, 401);
    assert.equal((await check(rsaToken(mine, "PS256"), jwks)).status, 401);
  });

  it("does not switch to RS256 for a key that is not marked (HTTP-26)", async () => {
    assert.equal((await check(rsaToken(mine), [rsaKey(null)])).status, 401);
    assert.equal((await check(tokenA, [rsaKey(null), specKey])).status, 200);
  });

  it("refuses RSA keys below 2048 bits (HTTP-27)", async () => {
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const token = rsaToken(mine, "RS256", weak.privateKey);
    assert.equal((await check(token, [rsaKey("RS256", weak)])).status, 401);
  });

  it("skips RSA keys above 8192 bits (HTTP-27)", async () => {
    const wide: Jwk = { ...rsaKey("RS256"), material: { n: Buffer.alloc(1025, 255).toString("base64url"), e: "AQAB" } };
    assert.match((await check(rsaToken(mine), [wide])).lines.join(), /more than 8192/);
  });
});

describe("INSTANCE_ID", () => {
  it("opens every route, even when it is empty (HTTP-23)", async () => {
    assert.equal((await check("nonsense", [], "inst-1")).status, 200);
    assert.equal((await check("nonsense", [], "")).status, 200);
  });
});
