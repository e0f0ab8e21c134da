import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { canBeDatabase, dumpCommand, saysNoSuchDatabase } from "./schema-dump.ts";

const connstr = { user: "cloud_admin", password: null, host: "::1", port: 5432, database: "postgres", options: null };

describe("the command of a dump (CAT-2)", () => {
  it("names the database in the environment, whatever it looks like", () => {
    const name = "postgresql://x?host=evil user=b";
    const { command, args, env } = dumpCommand("/pg/bin", connstr, name, { PATH: "/bin", HOME: "/h" });
    assert.equal(command, "/pg/bin/pg_dump");
    const where = ["--host", "::1", "--port", "5432", "--username", "cloud_admin"];
    assert.deepEqual(args, [...where, "--schema-only", "--no-password"]);
    assert.deepEqual([env["PGDATABASE"], env["LC_MESSAGES"], env["PATH"]], [name, "C", "/bin"]);
    assert.match(env["PGOPTIONS"] ?? "", /^-c role=cloud_admin /);
    assert.equal("PGPASSWORD" in env, false);
  });

  it("passes the password, and nothing inherited that libpq or the language of messages heeds (T-17)", () => {
    const inherited = { PGHOSTADDR: "10.0.0.1", PGPASSWORD: "theirs", PGSERVICE: "x", LC_ALL: "de_DE.UTF-8" };
    const { env, args } = dumpCommand("/pg/bin", { ...connstr, password: "ours" }, "shop", inherited);
    assert.deepEqual(
      ["PGPASSWORD", "PGHOSTADDR", "PGSERVICE", "LC_ALL"].map((name) => env[name]),
      ["ours", undefined, undefined, undefined],
    );
    assert.ok(!args.includes("ours"));
  });
});

describe("what pg_dump says of a database that does not exist", () => {
  it("is found in any line, with any name in it (T-17)", () => {
    const text = (name: string) => `connection to server at "::1" failed: FATAL:  database "${name}" does not exist\n`;
    for (const name of ["a", 'quo"te', "li\nne", "FATAL"]) {
      assert.ok(saysNoSuchDatabase(`pg_dump: error: connection refused\npg_dump: error: ${text(name)}`), name);
    }
    assert.ok(!saysNoSuchDatabase('FATAL:  role "a" does not exist'));
    assert.ok(!saysNoSuchDatabase(""));
  });

  it("goes without saying for names that libpq cannot pass on", () => {
    assert.deepEqual(["", "a\0b", " ", "a=b"].map(canBeDatabase), [false, false, true, true]);
  });
});
