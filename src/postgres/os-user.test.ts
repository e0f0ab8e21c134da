import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chooseOsUser } from "./do/os-user.ts";
import { userInPasswd } from "./os-user.ts";

const passwd =
  "root:x:0:0:root:/root:/bin/bash\n+nis\npostgres:x:101:104:Postgres,,,:/var/lib/postgresql:/bin/bash\nbad:x:a:b::/:\n";

describe("users of the machine", () => {
  it("are found by name in the text of /etc/passwd", () => {
    assert.deepEqual(userInPasswd(passwd, "postgres"), {
      name: "postgres",
      uid: 101,
      gid: 104,
      home: "/var/lib/postgresql",
    });
  });

  it("are not there when the name differs or the line is broken", () => {
    for (const name of ["postgre", "bad", "+nis", ""]) assert.equal(userInPasswd(passwd, name), undefined);
  });
});

describe("the user Postgres runs as", () => {
  it("is our own unless we are root", async () => {
    assert.equal(await chooseOsUser({ asRoot: false, wanted: "nobody-at-all" }), null);
  });

  it("is refused when root has no such user, with what to do", async () => {
    await assert.rejects(
      chooseOsUser({ asRoot: true, wanted: "nobody-at-all" }),
      /no user "nobody-at-all".*useradd.*--postgres-user/,
    );
  });

  it("is refused when it is root", async () => {
    await assert.rejects(chooseOsUser({ asRoot: true, wanted: "root" }), /--postgres-user/);
  });
});
