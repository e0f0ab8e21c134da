import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lockedBy, socketLockPaths, staleness } from "./socket-lock.ts";

describe("lock files of Postgres's sockets (FIELD-4)", () => {
  it("lie where the settings put the sockets, by port", () => {
    const settings = new Map([
      ["port", "55433"],
      ["unix_socket_directories", '/a, "/b c",@abstract'],
    ]);
    assert.deepEqual(socketLockPaths(settings), ["/a/.s.PGSQL.55433.lock", "/b c/.s.PGSQL.55433.lock"]);
    assert.deepEqual(socketLockPaths(new Map([["unix_socket_directories", ""]])), []);
    assert.ok(socketLockPaths(new Map()).includes("/tmp/.s.PGSQL.5432.lock"));
  });

  it("name a process, that of a single-user server by a negative number", () => {
    assert.equal(lockedBy("4711\n/pgdata\n"), 4711);
    assert.equal(lockedBy("-4711\n/pgdata\n"), 4711);
    for (const text of ["", "x", "0\n"]) assert.equal(lockedBy(text), undefined);
  });

  it("are left over when the process is gone or no Postgres, and not when that cannot be told", () => {
    assert.match(staleness({ isAlive: false, program: null }) ?? "", /gone/);
    assert.match(staleness({ isAlive: true, program: "node" }) ?? "", /is node now/);
    assert.equal(staleness({ isAlive: true, program: "postgres" }), undefined);
    assert.equal(staleness({ isAlive: true, program: null }), undefined);
  });
});
