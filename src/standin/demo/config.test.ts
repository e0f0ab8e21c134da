import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { adaptConfig, connectionUrl, databasesOf } from "./config.ts";

const example = JSON.parse(readFileSync(new URL("../../../examples/two-roles.config.json", import.meta.url), "utf8"));

const addresses = {
  tenantId: "t",
  timelineId: "tl",
  pageserverUrl: "postgresql://no_user@127.0.0.1:1",
  safekeeperHostPorts: ["127.0.0.1:2"],
  storageToken: "tok",
  postgresPort: 55999,
  jwks: { keys: [{ kty: "OKP" }] },
};

/** The stored key that a SCRAM verifier must hold for a password. */
function storedKey(password: string, salt: string, iterations: number): string {
  const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), iterations, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  return createHash("sha256").update(clientKey).digest("base64");
}

describe("the example's config", () => {
  it("differs from what the demo runs only in addresses, ids, token, port and keys", () => {
    const adapted = structuredClone(example);
    adapted.spec.tenant_id = "t";
    adapted.spec.timeline_id = "tl";
    adapted.spec.pageserver_connstring = addresses.pageserverUrl;
    adapted.spec.safekeeper_connstrings = addresses.safekeeperHostPorts;
    adapted.spec.storage_auth_token = "tok";
    adapted.spec.cluster.settings.find(({ name }: { name: string }) => name === "port").value = "55999";
    adapted.compute_ctl_config.jwks = addresses.jwks;
    assert.deepEqual(adaptConfig(example, addresses), adapted);
  });

  it("holds verifiers of the passwords that the demo prints", () => {
    for (const database of databasesOf(example)) {
      const { password } = new URL(connectionUrl(database, 1));
      const role = example.spec.cluster.roles.find(({ name }: { name: string }) => name === database.owner);
      const [, iterations, salt = "", stored] = role.encrypted_password.split(/[$:]/);
      assert.equal(storedKey(password, salt, Number(iterations)), stored, database.owner);
    }
  });

  it("is not adapted when it lacks its parts", () => {
    assert.throws(() => adaptConfig({ spec: {} }, addresses), /spec\.cluster of the example is not an object/);
    assert.throws(() => databasesOf({ spec: { cluster: {} } }), /databases of the example is not a list/);
  });

  it("makes a URL for each database", () => {
    const urls = databasesOf(example).map((database) => connectionUrl(database, 55432));
    assert.deepEqual(urls, [
      "postgresql://shop_owner:shop-password@127.0.0.1:55432/shop",
      "postgresql://reports_owner:reports-password@127.0.0.1:55432/reports",
    ]);
  });
});
