import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseTenantId } from "../base/ids.ts";
import { decodeStorageClaims, refusal } from "./token-claims.ts";

const tenantId = parseTenantId("a1b2c3d4e5f60718293a4b5c6d7e8f90") ?? assert.fail();

describe("claims of a storage token (BASE-21)", () => {
  it("read the scope and the tenant, in any case", () => {
    const claims = { scope: "tenant", tenantId };
    assert.deepEqual(decodeStorageClaims({ scope: "tenant", tenant_id: tenantId.toUpperCase(), exp: 1 }), claims);
    assert.deepEqual(decodeStorageClaims({ scope: "pageserverapi" }), { scope: "pageserverapi", tenantId: null });
  });

  it("are refused when of another shape", () => {
    assert.equal(decodeStorageClaims({ tenant_id: tenantId }), undefined);
    assert.equal(decodeStorageClaims({ scope: "tenant", tenant_id: 7 }), undefined);
  });

  it("open their own tenant only", () => {
    assert.equal(refusal({ scope: "tenant", tenantId }, tenantId, "pageserver"), undefined);
    assert.match(refusal({ scope: "tenant", tenantId: null }, tenantId, "pageserver") ?? "", /another tenant/);
  });

  it("open any tenant to the servers' own scopes, each on its kind of server", () => {
    assert.equal(refusal({ scope: "pageserverapi", tenantId: null }, tenantId, "pageserver"), undefined);
    assert.match(refusal({ scope: "pageserverapi", tenantId: null }, tenantId, "safekeeper") ?? "", /no access/);
    assert.equal(refusal({ scope: "safekeeperdata", tenantId: null }, tenantId, "safekeeper"), undefined);
    assert.match(refusal({ scope: "safekeeperdata", tenantId: null }, tenantId, "pageserver") ?? "", /no access/);
  });
});
