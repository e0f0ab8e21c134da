import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decideMember, installOrder, linkedPath, type Member } from "./archive-policy.ts";
import { ArchiveRefusedError } from "./errors.ts";

function decide(name: string, parts: Partial<Member> = {}) {
  return decideMember({ name, type: "file", mode: 0o644, linkname: null, ...parts });
}

describe("members of an extension's archive (EXT-35, EXT-36)", () => {
  it("go to the scripts or to the libraries", () => {
    const script = { kind: "file", place: "extension", path: ["a--1.sql"], mode: 0o644 };
    for (const name of ["share/extension/a--1.sql", "/share/./extension//a--1.sql", "./share/extension/a--1.sql"]) {
      assert.deepEqual(decide(name), script);
    }
    const library = { kind: "file", place: "library", path: ["sub", "a.so"], mode: 0o755 };
    assert.deepEqual(decide("lib/sub/a.so", { mode: 0o755 }), library);
    const folder = { kind: "directory", place: "library", path: ["sub"], mode: 0o750 };
    assert.deepEqual(decide("lib/sub/", { type: "directory", mode: 0o750 }), folder);
  });

  it("EXT-36: keep their permissions, but for the bits that lend rights (0640, 04755)", () => {
    const modeOf = (mode: number) => {
      const decision = decide("lib/a.so", { mode });
      return decision.kind === "file" && decision.mode;
    };
    assert.deepEqual([0o640, 0o4755, 0o2755, 0o1777].map(modeOf), [0o640, 0o755, 0o755, 0o777]);
  });

  it("EXT-37: are left out when they are in neither place", () => {
    for (const name of ["share/doc/a.txt", "share/extension2/a", "include/a.h", "README", "bin/postgres"]) {
      assert.deepEqual(decide(name), { kind: "ignore" }, name);
    }
    assert.deepEqual(decide("share/", { type: "directory" }), { kind: "ignore" });
  });

  it("are refused when their name leads elsewhere", () => {
    for (const name of ["../a", "lib/../../a", "share/extension/../../../etc/passwd", "lib/a\0b", "x/../.."]) {
      assert.throws(() => decide(name), ArchiveRefusedError, name);
    }
    assert.throws(() => decide("lib"), /is a file where a folder belongs/);
  });

  it("are refused when they are neither file, folder nor symlink", () => {
    for (const type of ["link", "character-device", "block-device", "fifo", "contiguous-file"]) {
      assert.throws(() => decide("lib/a.so", { type, linkname: "lib/b.so" }), ArchiveRefusedError, type);
    }
  });

  it("EXT-36: a link may point to another file of its place, and nowhere else", () => {
    const link = (linkname: string) => decide("lib/sub/a.so", { type: "symlink", linkname });
    assert.deepEqual(link("a.so.1"), { kind: "symlink", place: "library", path: ["sub", "a.so"], target: "a.so.1" });
    assert.equal(link("../b.so").kind, "symlink");
    for (const target of ["/etc/passwd", "../../b", "../..", "../../../etc/passwd", "", "..", "x\0"]) {
      assert.throws(() => link(target), /is a link out of its folder/, target);
    }
  });

  it("finds what a link points to", () => {
    assert.deepEqual(linkedPath(["sub", "a.so"], "../b.so"), ["b.so"]);
    assert.deepEqual(linkedPath(["a.so"], "./sub/b.so"), ["sub", "b.so"]);
    assert.equal(linkedPath(["a.so"], "../a.so"), undefined);
  });
});

describe("the order in which files become visible", () => {
  it("ends with the control files, because Postgres takes them as word that the rest is there", () => {
    const file = (place: "extension" | "library", name: string) => ({ place, path: [name] });
    const files = [file("extension", "a.control"), file("extension", "a--1.sql"), file("library", "a.so")];
    const order = installOrder([...files, file("extension", "a--2.control")]).map(({ path }) => path[0]);
    assert.deepEqual(order, ["a.so", "a--1.sql", "a.control", "a--2.control"]);
  });
});
