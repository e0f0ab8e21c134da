import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import type { ConfigureOutcome } from "../../compute/control.ts";
import type { Reply, TestServer } from "../test-support.ts";
import { ask, emptyView, fakeControl, signToken, startTestServer, tokenA } from "../test-support.ts";

const minimal = readFileSync(new URL("../../../test/fixtures/minimal.config.json", import.meta.url), "utf8");
const other = generateKeyPairSync("ed25519");
const otherX = other.publicKey.export({ format: "jwk" }).x ?? "";
const otherKey = { kty: "OKP", crv: "Ed25519", kid: "next-key", x: otherX };

/** A token of the other key with A's claims. */
function otherToken(): string {
  const signed = tokenA.split(".").slice(0, 2).join(".");
  return `${signed}.${sign(null, Buffer.from(signed), other.privateKey).toString("base64url")}`;
}

function withKeys(keys: readonly unknown[]): string {
  const config: Record<string, unknown> = JSON.parse(minimal);
  return JSON.stringify({ ...config, compute_ctl_config: { jwks: { keys } } });
}

describe("the keys of a /configure", () => {
  let outcome: ConfigureOutcome;
  const control = fakeControl({ configure: () => Promise.resolve(outcome) });

  async function start(rotateJwks: boolean): Promise<TestServer> {
    outcome = { kind: "running", view: { ...emptyView, status: "running" } };
    return startTestServer({ control, rotateJwks });
  }

  function configure(server: TestServer, keys: readonly unknown[], token = tokenA): Promise<Reply> {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    return ask(server, "POST", "/configure", { headers, body: withKeys(keys) });
  }

  async function statusWith(server: TestServer, token: string): Promise<number> {
    return (await ask(server, "GET", "/status", { headers: { authorization: `Bearer ${token}` } })).status;
  }

  it("are ignored unless the program was told to take them (HTTP-25, SPEC-3)", async () => {
    const server = await start(false);
    assert.equal((await configure(server, [otherKey])).status, 200);
    assert.deepEqual([await statusWith(server, tokenA), await statusWith(server, otherToken())], [200, 401]);
    await server.close(0);
  });

  it("replace the set at once when it was, and a log line names them (HTTP-25)", async () => {
    const server = await start(true);
    assert.equal((await configure(server, [otherKey])).status, 200);
    assert.deepEqual([await statusWith(server, tokenA), await statusWith(server, otherToken())], [401, 200]);
    assert.match(server.lines.join("\n"), /^info authorization keys replaced: next-key$/m);
    await server.close(0);
  });

  it("stay out when none of them can be used, or there is none (HTTP-25)", async () => {
    const server = await start(true);
    assert.equal((await configure(server, [])).status, 200);
    assert.equal((await configure(server, [{ ...otherKey, x: "AAAA" }])).status, 200);
    assert.equal(await statusWith(server, tokenA), 200);
    await server.close(0);
  });

  it("stay out when the config is refused or fails (HTTP-25)", async () => {
    const server = await start(true);
    outcome = { kind: "refused", status: "init" };
    assert.equal((await configure(server, [otherKey])).status, 412);
    outcome = { kind: "failed", error: "no" };
    assert.equal((await configure(server, [otherKey])).status, 500);
    assert.deepEqual([await statusWith(server, tokenA), await statusWith(server, otherToken())], [200, 401]);
    await server.close(0);
  });
});

describe("requests that are turned away", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close(0));

  const faults: readonly [reason: string, authorization: string][] = [
    ["absent", "Basic abc"],
    ["bad-signature", "Bearer zzz"],
    ["bad-claims", `Bearer ${signToken('{"aud":["compute",7]}')}`],
    ["expired", `Bearer ${signToken('{"exp":1}')}`],
    ["missing-audience", `Bearer ${signToken('{"scope":"compute_ctl:admin"}')}`],
    ["wrong-audience", `Bearer ${signToken('{"scope":"compute_ctl:admin","aud":[]}')}`],
    ["missing-compute-id", `Bearer ${signToken("{}")}`],
    ["wrong-compute-id", `Bearer ${signToken('{"compute_id":"compute-birch-9"}')}`],
  ];
  for (const [reason, authorization] of faults) {
    it(`are counted by reason: ${reason} (MET-17)`, async () => {
      await ask(server, "GET", "/status", { headers: { authorization } });
      assert.ok(server.metrics.text().includes(`compute_ctl_http_auth_failures_total{reason="${reason}"} 1\n`));
    });
  }

  it("are told apart from those of a server without keys (MET-17, FIELD-6)", async () => {
    const closed = await startTestServer({ jwks: [] });
    assert.equal((await ask(closed, "GET", "/status")).status, 401);
    await closed.close(0);
    assert.match(closed.metrics.text(), /auth_failures_total\{reason="no-usable-key"\} 1$/m);
    assert.match(
      closed.lines.join("\n"),
      /^warn failed to decode authorization token: there is no key that can be used$/m,
    );
  });

  it("are told why in the log, once the token is known to be genuine (FIELD-6)", async () => {
    const told = await startTestServer();
    const reasons: readonly (readonly [claims: string, line: RegExp])[] = [
      ['{"aud":7}', /^warn failed to decode authorization token using .*: the claim aud is not an array of strings$/m],
      ['{"scope":"reader"}', /: the claim scope is not compute_ctl:admin$/m],
      ['{"exp":1}', /: the token has expired$/m],
      ['{"scope":"compute_ctl:admin"}', /^warn refused a request: the token has scope compute_ctl:admin but no aud/m],
      ['{"compute_id":"compute-birch-9"}', /^warn refused a request: the token is for another compute/m],
    ];
    for (const [claims, line] of reasons) {
      await ask(told, "GET", "/status", { headers: { authorization: `Bearer ${signToken(claims)}` } });
      assert.match(told.lines.join("\n"), line);
    }
    assert.doesNotMatch(told.lines.join("\n"), /compute-birch-9/);
    await told.close(0);
  });

  it("FIELD-7: are not those whose aud is a text, of which one line tells, unless it is strict", async () => {
    const authorization = `Bearer ${signToken('{"scope":"compute_ctl:admin","aud":"compute"}')}`;
    for (const [strict, status] of [
      [false, 200],
      [true, 401],
    ] as const) {
      const odd = await startTestServer({ strict });
      for (const _ of [1, 2])
        assert.equal((await ask(odd, "GET", "/status", { headers: { authorization } })).status, status);
      assert.equal(odd.lines.filter((line) => line.includes("an authorization token is odd")).length, strict ? 0 : 1);
      await odd.close(0);
    }
  });

  it("find neither their token in the log nor in the answer (FIELD-6)", async () => {
    for (const [, authorization] of faults) {
      const { body } = await ask(server, "GET", "/status", { headers: { authorization } });
      const [, token = ""] = authorization.split(" ");
      // A short part, such as `e30` for no claims, may well be part of a request id.
      const telling = token.split(".").filter(({ length }) => length > 8);
      for (const part of telling) assert.ok(!`${server.lines.join("\n")}${body}`.includes(part), part);
    }
  });
});
