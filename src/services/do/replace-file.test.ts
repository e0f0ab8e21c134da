import assert from "node:assert/strict";
import { chmod, chown, mkdir, readdir, readFile, stat, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { testHost } from "../../../test/support/service-host.ts";
import { readText, replaceFile } from "./replace-file.ts";

const isRoot = process.getuid?.() === 0;

describe("replaceFile", () => {
  it("SVC-T2: exchanges the file as a whole, keeps its mode and owner, and leaves nothing beside it", async (t) => {
    const host = await testHost(t);
    const path = await host.write(join(host.root, "etc/a.ini"), "old", 0o666);
    if (isRoot) await chown(path, 65_534, 65_534);
    const before = await stat(path);
    await replaceFile(path, "new");
    const after = await stat(path);
    assert.equal(await readFile(path, "utf8"), "new");
    assert.notEqual(after.ino, before.ino);
    assert.deepEqual([after.mode, after.uid, after.gid], [before.mode, before.uid, before.gid]);
    assert.deepEqual(await readdir(dirname(path)), ["a.ini"]);
  });

  it("replaces what a link points to, not the link", async (t) => {
    const host = await testHost(t);
    const path = await host.write(join(host.root, "real"), "old");
    await symlink(path, join(host.root, "link"));
    await replaceFile(join(host.root, "link"), "new");
    assert.equal(await readFile(path, "utf8"), "new");
  });

  it("writes in place where the folder is somebody else's", {
    skip: isRoot ? "root may write everywhere" : false,
  }, async (t) => {
    const host = await testHost(t);
    const path = await host.write(join(host.root, "etc/a.ini"), "a longer old text", 0o666);
    const before = await stat(path);
    await chmod(dirname(path), 0o555);
    host.onEnd(() => chmod(dirname(path), 0o755));
    await replaceFile(path, "new");
    assert.equal(await readFile(path, "utf8"), "new");
    assert.equal((await stat(path)).ino, before.ino);
    await assert.rejects(replaceFile(join(dirname(path), "b.ini"), "new"), { code: "EACCES" });
  });

  it("says what is wrong when there is no folder, or a folder in the file's place", async (t) => {
    const host = await testHost(t);
    await assert.rejects(replaceFile(join(host.root, "none/a"), "x"), { code: "ENOENT" });
    await mkdir(join(host.root, "taken"));
    await assert.rejects(replaceFile(join(host.root, "taken"), "x"), { code: "EISDIR" });
    assert.deepEqual(await readdir(host.root), ["taken"]);
  });
});

describe("readText", () => {
  it("gives null for a missing file or folder, and an error for anything else", async (t) => {
    const host = await testHost(t);
    assert.equal(await readText(join(host.root, "none/a")), null);
    await assert.rejects(readText(host.root), { code: "EISDIR" });
  });
});
