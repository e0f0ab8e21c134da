import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTokenAuthority } from "./token.ts";

describe("storage tokens (BASE-21)", async () => {
  const authority = await createTokenAuthority();

  it("verify when signed by the authority, with or without an expiry", async () => {
    const claims = { scope: "tenant", tenantId: "a".repeat(32) };
    const exp = Math.floor(Date.now() / 1000) + 3600;
    assert.deepEqual(
      await authority.verify(await authority.issue({ scope: "tenant", tenant_id: claims.tenantId })),
      claims,
    );
    const expiring = await authority.issue({ scope: "tenant", tenant_id: claims.tenantId, exp });
    assert.deepEqual(await authority.verify(expiring), claims);
  });

  it("do not verify when expired, tampered with, signed by another key, or no token at all", async () => {
    const token = await authority.issue({ scope: "tenant" });
    const [header = "", , signature = ""] = token.split(".");
    const forged = Buffer.from('{"scope":"pageserverapi"}').toString("base64url");
    const stranger = await createTokenAuthority();
    assert.equal(await authority.verify(await authority.issue({ scope: "tenant", exp: 1 })), undefined);
    assert.equal(await authority.verify(`${header}.${forged}.${signature}`), undefined);
    assert.equal(await authority.verify(await stranger.issue({ scope: "tenant" })), undefined);
    assert.equal(await authority.verify("hunter2"), undefined);
  });

  it("publish the public half only", () => {
    assert.deepEqual(authority.jwks.keys.map(Object.keys), [["kty", "crv", "x", "alg", "use", "key_ops", "kid"]]);
  });
});
