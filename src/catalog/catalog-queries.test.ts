import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeListing } from "./catalog-listing.ts";
import { createExtensionCount } from "./extension-count.ts";
import { extensionStatement, extensionVersionQuery } from "./extension-version.ts";
import { grantStatement, heldPrivilegesQuery } from "./schema-grant.ts";

describe("the listing of roles and databases (CAT-1)", () => {
  it("reads a role without password, and a database that is closed or broken", () => {
    const listing = decodeListing(
      [
        { name: "a", verifier: null },
        { name: "b", verifier: "md5x" },
      ],
      [{ name: "d", owner: "a", restrict_conn: "t", invalid: "f" }],
    );
    assert.deepEqual(listing.roles, [
      { name: "a", encryptedPassword: null },
      { name: "b", encryptedPassword: "md5x" },
    ]);
    assert.deepEqual(listing.databases, [{ name: "d", owner: "a", restrictConn: true, invalid: false }]);
  });

  it("leaves nothing out silently (T12)", () => {
    assert.throws(() => decodeListing([{ name: null, verifier: null }], []), /a row without name/);
    assert.throws(() => decodeListing([], [{ name: "d", owner: "a", restrict_conn: "t" }]), /a row without invalid/);
  });
});

describe("an extension in a certain version (CAT-4)", () => {
  const wanted = { database: "shop", extension: `o'"x`, version: "1'0" };

  it("needs nothing, an update, or to be created", () => {
    assert.equal(extensionStatement(wanted, [{ version: "1'0" }]), undefined);
    assert.equal(extensionStatement(wanted, [{ version: "0.9" }]), `ALTER EXTENSION "o'""x" UPDATE TO '1''0'`);
    const create = `CREATE EXTENSION IF NOT EXISTS "o'""x" WITH SCHEMA public VERSION '1''0'`;
    assert.equal(extensionStatement(wanted, []), create);
    assert.ok(extensionVersionQuery(wanted).endsWith(`'o''"x'`));
  });
});

describe("privileges on a schema (CAT-5)", () => {
  const grant = { database: "shop", schema: `s"`, role: `r'`, privileges: ["USAGE", "CREATE", "USAGE"] as const };

  it("are granted where they are missing, each once", () => {
    assert.equal(grantStatement(grant, []), `GRANT USAGE, CREATE ON SCHEMA "s""" TO "r'"`);
    assert.equal(grantStatement(grant, [{ privilege: "USAGE" }]), `GRANT CREATE ON SCHEMA "s""" TO "r'"`);
    assert.equal(grantStatement(grant, [{ privilege: "CREATE" }, { privilege: "USAGE" }]), undefined);
    assert.ok(heldPrivilegesQuery(grant).includes(`'r'''`));
  });
});

describe("the count of extensions (CAT-10)", () => {
  it("tells versions and owners apart, and is in a fixed order", () => {
    const count = createExtensionCount();
    const row = (name: string, version: string, owned: string) => ({ name, version, owned_by_superuser: owned });
    count.add([row("b", "1", "t"), row("a", "2", "t")]);
    count.add([row("b", "1", "f"), row("a", "1", "t"), row("a", "2", "t")]);
    assert.deepEqual(
      count.list().map((each) => [each.name, each.version, each.ownedBySuperuser, each.databases]),
      [
        ["a", "1", true, 1],
        ["a", "2", true, 2],
        ["b", "1", false, 1],
        ["b", "1", true, 1],
      ],
    );
  });
});
