import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HostileArchiveError } from "./errors.ts";
import { decideMember, missingPart } from "./tar-policy.ts";

const member = (name: string, type = "file", mode = 0o600) => ({ name, type, mode });

describe("members of a base backup", () => {
  it("files and directories go where they say", () => {
    assert.deepEqual(decideMember(member("global/pg_control")), {
      kind: "file",
      path: ["global", "pg_control"],
      mode: 0o600,
    });
    assert.deepEqual(decideMember(member("pg_xact", "directory", 0o755)), {
      kind: "directory",
      path: ["pg_xact"],
      mode: 0o755,
    });
  });

  it("BASE-52: dots, doubled and trailing slashes mean nothing", () => {
    assert.deepEqual(decideMember(member("./a/.//b/", "directory")), {
      kind: "directory",
      path: ["a", "b"],
      mode: 0o600,
    });
    assert.deepEqual(decideMember(member("./", "directory")), { kind: "root" });
    assert.deepEqual(decideMember(member("a..b/..c")), { kind: "file", path: ["a..b", "..c"], mode: 0o600 });
  });

  it("setuid and sticky bits are cut off", () => {
    assert.deepEqual(decideMember(member("a", "file", 0o6755)), { kind: "file", path: ["a"], mode: 0o755 });
  });

  it("our postgresql.conf survives, others of that name are ordinary files", () => {
    assert.equal(decideMember(member("./postgresql.conf")).kind, "keep-ours");
    assert.equal(decideMember(member("base/postgresql.conf")).kind, "file");
  });

  const hostile: readonly (readonly [string, string, RegExp])[] = [
    ["../x", "file", /leads out/],
    ["a/../../x", "file", /leads out/],
    ["a/..", "directory", /leads out/],
    ["/etc/passwd", "file", /absolute/],
    ["//x", "directory", /absolute/],
    ["a\0b", "file", /NUL/],
    ["", "file", /without a name/],
    ["link", "symlink", /but a symlink/],
    ["link", "link", /but a link/],
    ["dev", "character-device", /character-device/],
    ["dev", "block-device", /block-device/],
    ["pipe", "fifo", /fifo/],
    ["postgresql.conf", "symlink", /symlink/],
  ];
  for (const [name, type, problem] of hostile) {
    it(`refuses ${type} ${JSON.stringify(name)} and names it`, () => {
      assert.throws(
        () => decideMember(member(name, type)),
        (error) => error instanceof HostileArchiveError && error.member === name && problem.test(error.message),
      );
    });
  }
});

describe("a complete base backup (Trap 18)", () => {
  const control = "global/pg_control";
  it("has a control file and a WAL segment", () => {
    assert.equal(missingPart(new Set([control, "pg_wal/000000010000000000000003"])), undefined);
    assert.equal(missingPart(new Set([control, "pg_wal/000000010000000000000003.partial"])), "a WAL segment in pg_wal");
    assert.equal(missingPart(new Set(["pg_wal/000000010000000000000003"])), control);
  });
});
