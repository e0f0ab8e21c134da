import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type ArchiveMember, extensionArchive, sqlExtension } from "../../../test/support/extension-archive.ts";
import { onTmpfs, withoutTmpfs } from "../../../test/support/tmpfs.ts";
import { archiveLimits } from "../archive-policy.ts";
import { InstallError } from "../errors.ts";
import { type InstallFolders, installArchive } from "./install.ts";
import { type StagedArchive, unpackArchive } from "./unpack.ts";

let root: string;
let staging: string;
let folders: InstallFolders;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "install-"));
  staging = join(root, "staging");
  folders = { extension: join(root, "share/extension"), library: join(root, "lib") };
  for (const folder of [staging, folders.extension, folders.library]) await mkdir(folder, { recursive: true });
});
afterEach(() => rm(root, { recursive: true }));

async function stage(...members: readonly ArchiveMember[]): Promise<StagedArchive> {
  const bytes = await extensionArchive(members);
  async function* source() {
    yield bytes;
  }
  return unpackArchive(source(), staging, null, archiveLimits);
}

async function contents(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const folder of Object.values(folders)) {
    for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isDirectory()) found[path.slice(root.length + 1)] = await readFile(path, "utf8");
    }
  }
  return found;
}

describe("installing a staged archive (EXT-37)", () => {
  it("moves scripts and libraries to where Postgres looks for them", async () => {
    const deep = { name: "lib/bitcode/a.bc", content: "bitcode" };
    await installArchive(
      await stage(...sqlExtension("zeta"), { name: "lib/zeta.so", content: "so" }, deep),
      folders,
      null,
    );
    const found = await contents();
    assert.deepEqual(Object.keys(found).sort(), [
      "lib/bitcode/a.bc",
      "lib/zeta.so",
      "share/extension/zeta--1.0.sql",
      "share/extension/zeta.control",
    ]);
    assert.equal(found["lib/zeta.so"], "so");
  });

  it("replaces files of the same name, auxiliary control files among them, and leaves all others", async () => {
    await writeFile(join(folders.extension, "zeta.control"), "written at start");
    await writeFile(join(folders.extension, "other.control"), "stays");
    const aux = { name: "share/extension/zeta--1.2.control", content: "aux" };
    await installArchive(await stage(...sqlExtension("zeta"), aux), folders, null);
    const found = await contents();
    assert.match(found["share/extension/zeta.control"] ?? "", /made for a test/);
    assert.equal(found["share/extension/zeta--1.2.control"], "aux");
    assert.equal(found["share/extension/other.control"], "stays");
    assert.equal(Object.keys(found).length, 4);
  });

  it("EXT-36: keeps modes of files and of folders that it makes, whatever the umask", async () => {
    const umask = process.umask(0o077);
    try {
      const folder = { name: "lib/sub/", type: "directory" as const, mode: 0o755 };
      await installArchive(
        await stage(folder, { name: "lib/sub/a.so", mode: 0o4755 }, { name: "lib/b", mode: 0o640 }),
        folders,
        null,
      );
    } finally {
      process.umask(umask);
    }
    const modeOf = (path: string) => statSync(join(folders.library, path)).mode & 0o7777;
    assert.deepEqual(["sub", "sub/a.so", "b"].map(modeOf), [0o755, 0o755, 0o640]);
  });

  it("merges into a folder that is there, where the original gives up without a word (trap 5)", async () => {
    await mkdir(join(folders.library, "sub"));
    await writeFile(join(folders.library, "sub/old.so"), "old");
    await installArchive(await stage({ name: "lib/sub/new.so", content: "new" }), folders, null);
    assert.deepEqual(await contents(), { "lib/sub/new.so": "new", "lib/sub/old.so": "old" });
  });

  it("replaces a link, not what it points to", async () => {
    await writeFile(join(root, "precious"), "precious");
    await symlink(join(root, "precious"), join(folders.library, "a.so"));
    await installArchive(await stage({ name: "lib/a.so", content: "new" }), folders, null);
    assert.equal(await readFile(join(root, "precious"), "utf8"), "precious");
    assert.equal(await readFile(join(folders.library, "a.so"), "utf8"), "new");
    assert.ok((await lstat(join(folders.library, "a.so"))).isFile());
  });

  it("installs links of the archive", async () => {
    const members = [
      { name: "lib/a.so", type: "symlink" as const, linkname: "a.so.1" },
      { name: "lib/a.so.1", content: "x" },
    ];
    await installArchive(await stage(...members), folders, null);
    assert.equal(await readlink(join(folders.library, "a.so")), "a.so.1");
  });
});

describe("an installation that fails (trap 5)", () => {
  it("takes back what it did when a later file cannot be put in place", async () => {
    await writeFile(join(folders.library, "zeta.so"), "old");
    await mkdir(join(folders.extension, "zeta.control"));
    const archive = await stage(...sqlExtension("zeta"), { name: "lib/zeta.so", content: "new" }, { name: "lib/d/x" });
    await assert.rejects(installArchive(archive, folders, null), (error) => {
      assert.ok(error instanceof InstallError);
      assert.match(error.message, /cannot install .*zeta\.control; extensions need free space and write permission/);
      return true;
    });
    assert.deepEqual(await contents(), { "lib/zeta.so": "old" });
    assert.ok(!existsSync(join(folders.library, "d")));
  });

  it("takes back what it had replaced when the world changes half way", async () => {
    await writeFile(join(folders.library, "a.so"), "old a");
    await writeFile(join(folders.extension, "a--1.sql"), "old script");
    const archive = await stage(
      { name: "lib/a.so", content: "a" },
      { name: "share/extension/a--1.sql", content: "1" },
      { name: "share/extension/a.control", content: "c" },
    );
    // The last file is gone before its turn comes.
    await rm(join(staging, "extension/a.control"));
    const vanishing = { ...archive, files: [...archive.files] };
    await assert.rejects(installArchive(vanishing, folders, null), /cannot install .*a\.control/);
    assert.deepEqual(await contents(), { "lib/a.so": "old a", "share/extension/a--1.sql": "old script" });
  });

  const isRoot = process.getuid?.() === 0;
  it("names the folder that it may not write to", { skip: isRoot ? "root may write everywhere" : false }, async () => {
    await chmod(folders.library, 0o555);
    const archive = await stage(...sqlExtension("zeta"), { name: "lib/zeta.so", content: "so" });
    await assert.rejects(installArchive(archive, folders, null), (error) => {
      assert.ok(error instanceof InstallError && error.message.includes(folders.library));
      return true;
    });
    assert.deepEqual(await contents(), {});
    await chmod(folders.library, 0o755);
  });
});

describe("an installation across file systems (trap 5: EXDEV)", () => {
  it("copies first, with modes and links, then renames", { skip: withoutTmpfs }, () =>
    onTmpfs(folders.library, "size=4m", async () => {
      const link = { name: "lib/b.so", type: "symlink" as const, linkname: "a.so" };
      const archive = await stage(...sqlExtension("zeta"), { name: "lib/a.so", content: "so", mode: 0o755 }, link);
      await installArchive(archive, folders, null);
      assert.deepEqual((await readdir(folders.library)).sort(), ["a.so", "b.so"]);
      assert.equal(statSync(join(folders.library, "b.so")).mode & 0o777, 0o755);
    }),
  );

  it("a full disk shows before anything is visible", { skip: withoutTmpfs }, () =>
    onTmpfs(folders.library, "size=1m", async () => {
      await writeFile(join(folders.library, "a.so"), "old");
      await writeFile(join(folders.extension, "zeta--1.0.sql"), "old script");
      const big = { name: "lib/b.so", content: Buffer.alloc(3 << 20, "x") };
      const archive = await stage(...sqlExtension("zeta"), { name: "lib/a.so", content: "new" }, big);
      await assert.rejects(installArchive(archive, folders, null), (error) => {
        assert.ok(error instanceof InstallError);
        assert.match(String(error.cause), /ENOSPC/);
        return true;
      });
      assert.deepEqual(await contents(), { "lib/a.so": "old", "share/extension/zeta--1.0.sql": "old script" });
    }),
  );
});
