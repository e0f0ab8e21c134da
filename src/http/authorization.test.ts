import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bearerToken, decodeClaims, denialFor, denialHint } from "./authorization.ts";

const nowMs = 2_000_000_000_500;

describe("bearerToken", () => {
  const cases: readonly [what: string, header: string, token: string | undefined][] = [
    ["reads the token", "Bearer abc.def", "abc.def"],
    ["ignores the case of the scheme", "bEARER abc", "abc"],
    ["ignores extra spaces before the token", "bearer   abc", "abc"],
    ["takes an empty token for a bad one, not for none", "Bearer ", ""],
    ["refuses another scheme", "Basic abc", undefined],
    ["refuses a scheme that only starts like it", "Bearerabc", undefined],
    ["refuses a scheme alone", "Bearer", undefined],
  ];
  for (const [what, header, token] of cases) {
    it(`${what} (HTTP-24)`, () => assert.equal(bearerToken(["Authorization", header]), token));
  }

  it("takes the first of several headers, and none without one (HTTP-24)", () => {
    assert.equal(bearerToken(["authorization", "Bearer 1", "Authorization", "Bearer 2"]), "1");
    assert.equal(bearerToken(["x-authorization", "Bearer 1"]), undefined);
    assert.equal(bearerToken(["accept", "authorization", "host", "Bearer"]), undefined);
  });
});

describe("decodeClaims", () => {
  const good = [
    "{}",
    '{"compute_id":null,"scope":null,"aud":null,"exp":null}',
    '{"nbf":9e9,"iat":"x","iss":1,"sub":[],"jti":{}}',
    '{"aud":[]}',
    '{"exp":1999999940}',
    '{"exp":1999999939.5}',
    '{"exp":0.5e10}',
  ];
  for (const claims of good) {
    it(`accepts ${claims} (HTTP-28, HTTP-29)`, () =>
      assert.equal(decodeClaims(claims, { nowMs, strict: true }).ok, true));
  }

  const bad: readonly [claims: string, reason: RegExp][] = [
    ['{"aud":"compute"}', /aud is not an array/],
    ['{"aud":["compute",1]}', /aud is not an array/],
    ['{"scope":"reader"}', /scope is not/],
    ['{"scope":1}', /scope is not/],
    ['{"compute_id":7}', /compute_id is not/],
    ['{"exp":"1000000000"}', /exp is not/],
    ['{"exp":-1}', /exp is not/],
    ['{"exp":1e999}', /exp is not/],
    ['{"exp":1999999939}', /expired/],
    ['{"exp":1000.5}', /expired/],
    ["[]", /not a JSON object/],
    ["null", /not a JSON object/],
    ["{", /not a JSON object/],
  ];
  for (const [claims, reason] of bad) {
    it(`refuses ${claims} (HTTP-28, HTTP-29, T-4)`, () => {
      const result = decodeClaims(claims, { nowMs, strict: true });
      assert.match(result.ok ? "" : result.reason, reason);
    });
  }
});

describe("a token whose aud is a text (FIELD-7)", () => {
  const claims = '{"scope":"compute_ctl:admin","aud":"compute"}';

  it("is read as one with a list of one, and its oddity is told", () => {
    const result = decodeClaims(claims, { nowMs, strict: false });
    assert.ok(result.ok);
    assert.deepEqual(result.claims.audience, ["compute"]);
    assert.match(result.oddity ?? "", /aud is a text/);
    assert.equal(denialFor(result.claims, "mine"), undefined);
    const list = decodeClaims('{"aud":["compute"]}', { nowMs, strict: false });
    assert.ok(list.ok && list.oddity === null);
  });

  it("is refused when it is for something else, when aud is neither, and with --strict", () => {
    const other = decodeClaims('{"scope":"compute_ctl:admin","aud":"storage"}', { nowMs, strict: false });
    assert.ok(other.ok);
    assert.equal(denialFor(other.claims, "mine")?.status, 401);
    assert.equal(decodeClaims('{"aud":1}', { nowMs, strict: false }).ok, false);
    assert.equal(decodeClaims(claims, { nowMs, strict: true }).ok, false);
  });
});

describe("denialHint (FIELD-6)", () => {
  it("says of a genuine token what is missing in it", () => {
    assert.match(denialHint("missing-audience"), /no aud: give it "aud": \["compute"\]/);
    assert.match(denialHint("wrong-audience"), /does not name "compute"/);
    assert.match(denialHint("missing-compute-id"), /neither a compute_id nor the scope/);
    assert.match(denialHint("wrong-compute-id"), /for another compute/);
  });
});

describe("denialFor", () => {
  const admin = "compute_ctl:admin";
  const cases: readonly [what: string, claims: Parameters<typeof denialFor>[0], status: number | undefined][] = [
    ["an admin token for compute", { scope: admin, audience: ["x", "compute"], computeId: "other" }, undefined],
    ["an admin token without audience", { scope: admin, audience: null, computeId: "mine" }, 401],
    ["an admin token for something else", { scope: admin, audience: ["other"], computeId: "mine" }, 401],
    ["this compute's token, whatever its audience", { scope: null, audience: ["other"], computeId: "mine" }, undefined],
    ["a token without compute", { scope: null, audience: ["compute"], computeId: null }, 403],
    ["another compute's token", { scope: null, audience: ["compute"], computeId: "other" }, 403],
  ];
  for (const [what, claims, status] of cases) {
    it(`${status === undefined ? "passes" : `answers ${status} to`} ${what} (HTTP-29, HTTP-30)`, () =>
      assert.equal(denialFor(claims, "mine")?.status, status));
  }
});
