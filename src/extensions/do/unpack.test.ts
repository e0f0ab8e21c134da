import assert from "node:assert/strict";
import { lstat, mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { zstdCompressSync } from "node:zlib";
import {
  type ArchiveMember,
  extensionArchive,
  sqlExtension,
  tarArchive,
} from "../../../test/support/extension-archive.ts";
import { archiveLimits } from "../archive-policy.ts";
import { ArchiveDamagedError, ArchiveRefusedError, InstallError } from "../errors.ts";
import { unpackArchive } from "./unpack.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "unpack-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function* pieces(bytes: Buffer, size = bytes.length): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function unpack(bytes: Buffer, { limits = {}, size = bytes.length } = {}) {
  return unpackArchive(pieces(bytes, size), folder, null, { ...archiveLimits, ...limits });
}

async function unpackMembers(...members: readonly ArchiveMember[]) {
  return unpack(await extensionArchive(members));
}

async function emptyFolder(): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
}

const script = { name: "share/extension/a--1.sql", content: "SELECT 1;" };

describe("unpacking an extension's archive (EXT-35, EXT-36)", () => {
  it("lays libraries and scripts down in the staging folder", async () => {
    const archive = await unpackMembers(...sqlExtension("zeta"), {
      name: "lib/zeta.so",
      content: Buffer.alloc(70_000, 7),
    });
    assert.deepEqual(
      archive.files.map(({ place, path }) => [place, ...path].join("/")),
      ["extension/zeta.control", "extension/zeta--1.0.sql", "library/zeta.so"],
    );
    assert.deepEqual(await readFile(join(folder, "library/zeta.so")), Buffer.alloc(70_000, 7));
    assert.match(await readFile(join(folder, "extension/zeta.control"), "utf8"), /default_version = '1.0'/);
  });

  it("EXT-35: takes the bytes in any pieces, concatenated frames, and long names of pax", async () => {
    const name = `share/extension/${"long-".repeat(40)}.sql`;
    const tar = await tarArchive([script, { name, content: "x" }]);
    const frames = Buffer.concat([zstdCompressSync(tar.subarray(0, 700)), zstdCompressSync(tar.subarray(700))]);
    for (const size of [1, 7, 64, frames.length]) {
      const { files } = await unpack(frames, { size });
      assert.equal(files.length, 2);
      await emptyFolder();
    }
  });

  it("EXT-36: modes are the archive's, whatever the umask, and mtimes too", async () => {
    const umask = process.umask(0o077);
    try {
      const mtime = new Date("2031-04-05T06:07:08Z");
      await unpackMembers({ ...script, mode: 0o640, mtime }, { name: "lib/a.so", mode: 0o4755, mtime });
    } finally {
      process.umask(umask);
    }
    const [plain, library] = [
      await lstat(join(folder, "extension/a--1.sql")),
      await lstat(join(folder, "library/a.so")),
    ];
    assert.deepEqual([plain.mode & 0o7777, library.mode & 0o7777], [0o640, 0o755]);
    assert.equal(plain.mtime.toISOString(), "2031-04-05T06:07:08.000Z");
  });

  it("EXT-36: a later member takes the place of an earlier one of its name, be it a link", async () => {
    const link = { name: "lib/b.so", type: "symlink" as const, linkname: "a.so" };
    const { files } = await unpackMembers(
      { name: "lib/a.so", content: "one" },
      link,
      { name: "lib/b.so", content: "two" },
      { name: "lib/a.so", content: "three" },
    );
    assert.equal(files.length, 2);
    assert.equal(await readFile(join(folder, "library/a.so"), "utf8"), "three");
    assert.equal(await readFile(join(folder, "library/b.so"), "utf8"), "two");
  });

  it("makes links to files of the archive, also in chains", async () => {
    await unpackMembers(
      { name: "lib/a.so", type: "symlink", linkname: "a.so.1" },
      { name: "lib/a.so.1", type: "symlink", linkname: "sub/a.so.1.2" },
      { name: "lib/sub/a.so.1.2", content: "library" },
    );
    assert.equal(await readlink(join(folder, "library/a.so")), "a.so.1");
    assert.equal(await readFile(join(folder, "library/a.so"), "utf8"), "library");
  });

  it("EXT-37: leaves out and counts what belongs nowhere", async () => {
    const { files, ignored } = await unpackMembers(script, { name: "share/doc/a.txt", content: "x" }, { name: "b" });
    assert.deepEqual([files.length, ignored], [1, 2]);
    assert.deepEqual(await readdir(folder), ["extension"]);
  });

  it("takes an archive without a library, and one without anything", async () => {
    assert.equal((await unpackMembers(script)).files.length, 1);
    assert.equal((await unpackMembers()).files.length, 0);
  });
});

describe("archives that are refused", () => {
  const hostile: readonly (readonly [string, readonly ArchiveMember[], RegExp])[] = [
    ["a name that leads out", [{ name: "lib/../../evil", content: "x" }], /leads out of the archive/],
    ["a link that leads out", [{ name: "lib/a.so", type: "symlink", linkname: "../../etc" }], /link out of its folder/],
    ["an absolute link", [{ name: "lib/a.so", type: "symlink", linkname: "/etc/passwd" }], /link out of its folder/],
    ["a link to nothing", [{ name: "lib/a.so", type: "symlink", linkname: "b.so" }], /which it lacks/],
    [
      "a hard link",
      [{ name: "lib/a.so", type: "link", linkname: "lib/b.so" }],
      /neither a file nor a directory but a link/,
    ],
    ["a device", [{ name: "lib/null", type: "character-device" }], /but a character-device/],
    [
      "a file below a link",
      [
        { name: "lib/d", type: "symlink", linkname: "a.so" },
        { name: "lib/d/x", content: "x" },
      ],
      /both a file and a folder/,
    ],
    ["a file below a file", [{ name: "lib/d" }, { name: "lib/d/x", content: "x" }], /both a file and a folder/],
    ["a file in place of a folder", [{ name: "lib/d/x" }, { name: "lib/d", content: "x" }], /both a file and a folder/],
    [
      "a file in place of an inner folder",
      [{ name: "lib/d/e/x" }, { name: "lib/d", content: "x" }],
      /both a file and a folder/,
    ],
  ];
  for (const [what, members, why] of hostile) {
    it(what, async () => {
      await assert.rejects(unpackMembers(script, ...members), (error) => {
        assert.ok(error instanceof ArchiveRefusedError, String(error));
        assert.match(error.message, why);
        return true;
      });
    });
  }

  it("a bomb of one huge file, by its header, before anything of it is written", async () => {
    const tar = await tarArchive([{ name: "lib/a.so", content: "x" }]);
    // The size of the first member, in octal: 8 GiB less one byte.
    tar.write("77777777777\0", 124);
    tar.write("        ", 148);
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    await assert.rejects(unpack(zstdCompressSync(tar)), /it unpacks to more than 4294967296 bytes/);
    assert.deepEqual(await readdir(folder), []);
  });

  it("a bomb of many bytes, members or headers", async () => {
    const zeros = await extensionArchive([{ name: "lib/a.so", content: Buffer.alloc(3_000_000) }]);
    assert.ok(zeros.length < 1000);
    await assert.rejects(unpack(zeros, { limits: { unpackedBytesMax: 1_000_000 } }), /more than 1000000 bytes/);
    const noMembers = zstdCompressSync(Buffer.alloc(3_000_000));
    await assert.rejects(unpack(noMembers, { limits: { unpackedBytesMax: 1_000_000 } }), /more than 1000000 bytes/);
    const many = await extensionArchive(Array.from({ length: 11 }, (_, index) => ({ name: `lib/${index}` })));
    await assert.rejects(unpack(many, { limits: { membersMax: 10 } }), /more than 10 members/);
  });
});

describe("archives that are damaged", () => {
  it("cut off at any place", async () => {
    const whole = await extensionArchive([...sqlExtension("zeta"), { name: "lib/a.so", content: "x".repeat(3000) }]);
    for (let length = 0; length < whole.length; length += 11) {
      await assert.rejects(unpack(whole.subarray(0, length)), ArchiveDamagedError, `${length} bytes`);
      await emptyFolder();
    }
  });

  it("cut off before they are compressed", async () => {
    const tar = await tarArchive([script, { name: "lib/a.so", content: "x".repeat(3000) }]);
    for (const length of [512, 1024, 1500, 2048, tar.length - 1024]) {
      await assert.rejects(unpack(zstdCompressSync(tar.subarray(0, length))), ArchiveDamagedError, `${length} bytes`);
      await emptyFolder();
    }
  });

  it("flipped bits, and bytes that are no zstd or no tar", async () => {
    const whole = await extensionArchive([script]);
    const flipped = Buffer.from(whole);
    flipped[whole.length >> 1] = (flipped[whole.length >> 1] ?? 0) ^ 0xff;
    await assert.rejects(
      unpack(flipped),
      (error) => error instanceof ArchiveDamagedError || error instanceof ArchiveRefusedError,
    );
    await assert.rejects(unpack(Buffer.from("<html>not found</html>")), ArchiveDamagedError);
    await assert.rejects(unpack(zstdCompressSync(Buffer.alloc(2048, "x"))), /broken tar header/);
  });
});

describe("when something else fails", () => {
  it("the source's own error is thrown", async () => {
    const whole = await extensionArchive(sqlExtension("zeta"));
    async function* broken() {
      yield whole.subarray(0, whole.length >> 1);
      throw new Error("the connection is gone");
    }
    await assert.rejects(unpackArchive(broken(), folder, null, archiveLimits), /^Error: the connection is gone$/);
  });

  it("a folder that is not there is told with its path", async () => {
    const missing = join(folder, "extension");
    await rm(folder, { recursive: true });
    const { writeFile } = await import("node:fs/promises");
    await writeFile(folder, "a file");
    await assert.rejects(unpackMembers(script), (error) => {
      assert.ok(error instanceof InstallError);
      assert.ok(error.message.includes(missing), error.message);
      return true;
    });
  });
});
