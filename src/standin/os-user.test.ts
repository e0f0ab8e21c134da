import assert from "node:assert/strict";
import { it } from "node:test";
import { pickUnprivilegedUser } from "./os-user.ts";

const nobody = "nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin";

it("prefers the user postgres, wherever it stands", () => {
  const passwd = `root:x:0:0:root:/root:/bin/bash\n${nobody}\npostgres:x:101:104::/var/lib/postgresql:/bin/bash\n`;
  assert.deepEqual(pickUnprivilegedUser(passwd), { name: "postgres", uid: 101, gid: 104 });
});

it("makes do with nobody", () => {
  assert.deepEqual(pickUnprivilegedUser(`${nobody}\n`), { name: "nobody", uid: 65534, gid: 65533 });
});

it("finds none in a file without them, and skips broken lines", () => {
  assert.equal(pickUnprivilegedUser("root:x:0:0::/root:/bin/sh\npostgres\npostgres:x:a:b::/:/bin/sh\n"), undefined);
});
