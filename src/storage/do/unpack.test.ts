import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import type { Log } from "../../base/log.ts";
import { DamagedArchiveError, HostileArchiveError, LocalDiskError, PgServerError } from "../errors.ts";
import { backupOf, controlFile, type Member, tarOf, walSegment } from "./archive.ts";
import { unpackBasebackup } from "./unpack.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, span: () => silent };
const modeOf = (path: string): number => lstatSync(path).mode & 0o7777;

interface Place {
  /** Holds PGDATA and a file beside it. */
  readonly outside: string;
  readonly pgdata: string;
}

/** A PGDATA as compute_ctl leaves it before the base backup. */
function newPlace(t: TestContext): Place {
  const outside = mkdtempSync(join(tmpdir(), "unpack-"));
  t.after(() => rmSync(outside, { recursive: true, force: true }));
  const pgdata = join(outside, "pgdata");
  mkdirSync(pgdata, { mode: 0o700 });
  writeFileSync(join(pgdata, "postgresql.conf"), "ours");
  mkdirSync(join(pgdata, "pg_wal"), { mode: 0o700 });
  writeFileSync(join(outside, "secret"), "untouched");
  return { outside, pgdata };
}

async function* inPieces(bytes: Buffer, size = 8192): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function unpack({ pgdata }: Place, archive: Buffer, pieceBytes?: number): Promise<number> {
  return unpackBasebackup(inPieces(archive, pieceBytes), { pgdata, owner: null, log: silent, compression: "gzip" });
}

/** Everything below a folder by its path, sorted. */
async function treeOf(folder: string): Promise<readonly string[]> {
  return (await readdir(folder, { recursive: true })).toSorted();
}

describe("unpacking a base backup (BASE-52)", () => {
  it("makes directories and files with their modes, whatever the pieces (BASE-42)", async (t) => {
    const archive = await backupOf(
      ["pg_xact", { type: "directory", mode: 0o755 }],
      ["base/1", { type: "directory", mode: 0o700 }],
      ["base/1", { type: "directory", mode: 0o750 }],
      ["pg_xact/0000", Buffer.concat([Buffer.alloc(8192, 1), Buffer.alloc(8192)])],
      ["base/1/PG_VERSION", "17\n"],
      ["postgresql.auto.conf", ""],
    );
    for (const pieceBytes of [1, 700, 1 << 20]) {
      const place = newPlace(t);
      assert.equal(await unpack(place, archive, pieceBytes), archive.length);
      const inside = (path: string): string => join(place.pgdata, path);
      assert.deepEqual(
        readFileSync(inside("pg_xact/0000")),
        Buffer.concat([Buffer.alloc(8192, 1), Buffer.alloc(8192)]),
      );
      assert.equal(readFileSync(inside("base/1/PG_VERSION"), "utf8"), "17\n");
      assert.equal(readFileSync(inside("postgresql.auto.conf"), "utf8"), "");
      assert.equal(readFileSync(inside("postgresql.conf"), "utf8"), "ours");
      assert.deepEqual(
        [modeOf(inside("pg_xact")), modeOf(inside("base/1")), modeOf(inside("base"))],
        [0o755, 0o750, 0o700],
      );
      assert.equal(modeOf(inside("base/1/PG_VERSION")), 0o600);
    }
  });

  it("writes the zeros of a WAL segment as a hole of the right length", async (t) => {
    const place = newPlace(t);
    const segment = Buffer.concat([Buffer.from("header"), Buffer.alloc((16 << 20) - 6)]);
    await unpack(place, gzipSync(await tarOf(controlFile, [walSegment[0], segment])), 65_536);
    const path = join(place.pgdata, walSegment[0]);
    assert.ok(readFileSync(path).equals(segment));
    assert.ok(statSync(path).blocks * 512 < segment.length / 2);
  });

  it("keeps our postgresql.conf and says so", async (t) => {
    const place = newPlace(t);
    const warnings: string[] = [];
    const log: Log = { ...silent, warn: (message) => void warnings.push(message) };
    const archive = await backupOf(["postgresql.conf", "theirs"]);
    await unpackBasebackup(inPieces(archive), { pgdata: place.pgdata, owner: null, log, compression: "gzip" });
    assert.equal(readFileSync(join(place.pgdata, "postgresql.conf"), "utf8"), "ours");
    assert.match(warnings.join(), /keeping ours/);
  });

  it("replaces a file, and a symlink instead of what it points to", async (t) => {
    const place = newPlace(t);
    writeFileSync(join(place.pgdata, "pg_hba.conf"), "old and longer");
    symlinkSync(join(place.outside, "secret"), join(place.pgdata, "pg_ident.conf"));
    await unpack(place, await backupOf(["pg_hba.conf", "new"], ["pg_ident.conf", "new"], ["pg_ident.conf", "newer"]));
    assert.equal(readFileSync(join(place.pgdata, "pg_hba.conf"), "utf8"), "new");
    assert.equal(readFileSync(join(place.pgdata, "pg_ident.conf"), "utf8"), "newer");
    assert.equal(readFileSync(join(place.outside, "secret"), "utf8"), "untouched");
  });

  it("gives everything to the owner", async (t) => {
    if (process.getuid?.() !== 0) return t.skip("only root gives files away");
    const { pgdata } = newPlace(t);
    const archive = await backupOf(["base/1", { type: "directory", mode: 0o700 }]);
    await unpackBasebackup(inPieces(archive), {
      pgdata,
      owner: { uid: 12_345, gid: 54_321 },
      log: silent,
      compression: "gzip",
    });
    for (const path of ["base", "base/1", "global", "global/pg_control"]) {
      const { uid, gid } = statSync(join(pgdata, path));
      assert.deepEqual({ path, uid, gid }, { path, uid: 12_345, gid: 54_321 });
    }
  });

  it("a long name arrives whole", async (t) => {
    const place = newPlace(t);
    const name = `pg_replslot/${"n".repeat(150)}/state`;
    await unpack(place, await backupOf([name, "slot"]));
    assert.equal(readFileSync(join(place.pgdata, name), "utf8"), "slot");
  });
});

/** Unpacks what must fail, and checks that nothing inside or outside has changed by it. */
async function assertRefused(t: TestContext, archive: Buffer, check: (error: unknown) => boolean): Promise<void> {
  const place = newPlace(t);
  const before = await treeOf(place.outside);
  await assert.rejects(unpack(place, archive), check);
  assert.deepEqual(await treeOf(place.outside), before);
  assert.equal(readFileSync(join(place.outside, "secret"), "utf8"), "untouched");
  assert.equal(readFileSync(join(place.pgdata, "postgresql.conf"), "utf8"), "ours");
}

describe("a hostile base backup", () => {
  const hostile: readonly (readonly [string, readonly Member[]])[] = [
    ["../secret", [["../secret", "taken"]]],
    ["base/../../secret", [["base/../../secret", "taken"]]],
    ["/tmp/evil", [["/tmp/evil", "taken"]]],
    ["link", [["link", { type: "symlink", linkname: "../secret" }]]],
    [
      "base",
      [
        ["base", { type: "symlink", linkname: ".." }],
        ["base/secret", "taken"],
      ],
    ],
    ["hard", [["hard", { type: "link", linkname: "../secret" }]]],
    ["null", [["null", { type: "character-device", devmajor: 1, devminor: 3 }]]],
    ["sda", [["sda", { type: "block-device", devmajor: 8, devminor: 0 }]]],
    ["pipe", [["pipe", { type: "fifo" }]]],
    ["global/pg_control/x", [controlFile, ["global/pg_control/x", "below a file"]]],
    ["global", [controlFile, ["global", "in place of a directory"]]],
  ];
  for (const [name, members] of hostile) {
    it(`${name}: refused by name, nothing left behind`, async (t) => {
      const archive = await backupOf(["pg_xact/0000", "good"], ...members);
      await assertRefused(t, archive, (error) => {
        assert.ok(error instanceof HostileArchiveError, String(error));
        return error.message.includes(name.replace("/pg_control/x", ""));
      });
    });
  }

  it("a wrong checksum is refused and names what stood before it", async (t) => {
    const tar = await tarOf(controlFile, walSegment);
    tar.writeUInt8((tar.readUInt8(1024) + 1) % 256, 1024);
    await assertRefused(t, gzipSync(tar), (error) => {
      assert.ok(error instanceof HostileArchiveError, String(error));
      return error.member === controlFile[0];
    });
  });

  it("a symlink that was there is not followed as a parent", async (t) => {
    const place = newPlace(t);
    symlinkSync(place.outside, join(place.pgdata, "base"));
    await assert.rejects(unpack(place, await backupOf(["base/secret", "taken"])), HostileArchiveError);
    assert.equal(readFileSync(join(place.outside, "secret"), "utf8"), "untouched");
  });
});

describe("a damaged base backup (Trap 18)", () => {
  const damaged = (message: RegExp) => (error: unknown) => {
    assert.ok(error instanceof DamagedArchiveError, String(error));
    assert.match(error.message, message);
    return true;
  };

  it("a gzip stream that is cut off, anywhere", async (t) => {
    const archive = await backupOf(["pg_xact/0000", "x".repeat(5000)]);
    for (const bytes of [0, 1, 20, archive.length >> 1, archive.length - 8, archive.length - 1]) {
      await assertRefused(t, archive.subarray(0, bytes), (error) => error instanceof DamagedArchiveError);
    }
  });

  it("a gzip stream with a wrong check sum", async (t) => {
    const archive = await backupOf();
    archive.writeUInt8(archive.readUInt8(archive.length - 8) ^ 1, archive.length - 8);
    await assertRefused(t, archive, damaged(/gzip/));
  });

  it("no gzip at all", async (t) => {
    await assertRefused(t, await tarOf(controlFile, walSegment), damaged(/gzip/));
  });

  it("a tar that is cut off, in a header, in a file, before its end mark", async (t) => {
    const tar = await tarOf(controlFile, walSegment);
    const endMark = 1024;
    for (const [bytes, message] of [
      [700, /stops within/],
      [1600, /stops within/],
      [tar.length - endMark - 512, /stops within/],
      [tar.length - endMark, /before its end mark/],
      [tar.length - 512, /before its end mark/],
    ] as const) {
      await assertRefused(t, gzipSync(tar.subarray(0, bytes)), damaged(message));
    }
  });

  it("no control file, no WAL segment", async (t) => {
    await assertRefused(t, gzipSync(await tarOf(walSegment)), damaged(/without global\/pg_control/));
    await assertRefused(t, gzipSync(await tarOf(controlFile)), damaged(/without a WAL segment/));
  });

  it("BASE-43: the server's error in the middle is the one that is told", async (t) => {
    const place = newPlace(t);
    const told = new PgServerError({
      severity: "ERROR",
      code: "XX000",
      message: "failpoint basebackup-before-control-file",
    });
    const archive = await backupOf(["pg_xact/0000", "x".repeat(5000)]);
    async function* broken(): AsyncGenerator<Buffer> {
      yield archive.subarray(0, archive.length - 100);
      throw told;
    }
    await assert.rejects(
      unpackBasebackup(broken(), { pgdata: place.pgdata, owner: null, log: silent, compression: "gzip" }),
      told,
    );
    assert.ok(!existsSync(join(place.pgdata, "pg_xact")));
  });

  it("BASE-53: an error behind a complete archive counts too", async (t) => {
    const place = newPlace(t);
    const archive = await backupOf();
    async function* late(): AsyncGenerator<Buffer> {
      yield archive;
      throw new Error("not after all");
    }
    await assert.rejects(
      unpackBasebackup(late(), { pgdata: place.pgdata, owner: null, log: silent, compression: "gzip" }),
      /not after all/,
    );
    assert.ok(!existsSync(join(place.pgdata, "global")));
  });

  it("a disk that refuses is told with the file's name, and the source is let go", async (t) => {
    const place = newPlace(t);
    let released = false;
    const archive = await backupOf();
    async function* source(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield archive;
      } finally {
        released = true;
      }
    }
    rmSync(place.pgdata, { recursive: true });
    await assert.rejects(
      unpackBasebackup(source(), { pgdata: place.pgdata, owner: null, log: silent, compression: "gzip" }),
      (error) => {
        assert.ok(error instanceof LocalDiskError);
        assert.match(error.message, /cannot create directory global/);
        return true;
      },
    );
    assert.ok(released);
  });
});
