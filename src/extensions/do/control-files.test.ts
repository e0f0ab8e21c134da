import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { onTmpfs, withoutTmpfs } from "../../../test/support/tmpfs.ts";
import type { Log } from "../../base/log.ts";
import { InstallError } from "../errors.ts";
import { remoteExtensions } from "../test-samples.ts";
import { writeControlFiles } from "./control-files.ts";

let folder: string;
let lines: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "control-files-"));
  lines = [];
});
afterEach(() => rm(folder, { recursive: true }));

function write(remote = remoteExtensions(), into = folder): Promise<void> {
  const log: Log = {
    debug() {},
    info() {},
    warn: (message) => void lines.push(`warn ${message}`),
    error: (message) => void lines.push(`error ${message}`),
    span: () => log,
  };
  return writeControlFiles(remote, { folder: into, owner: null, log });
}

describe("writing control files (EXT-21)", () => {
  it("puts them beside the others, with mode 0666 less the umask", async () => {
    const umask = process.umask(0o027);
    try {
      await write();
    } finally {
      process.umask(umask);
    }
    assert.deepEqual((await readdir(folder)).sort(), ["acme.control", "zeta.control"]);
    assert.equal(await readFile(join(folder, "zeta.control"), "utf8"), "# zeta\n");
    assert.equal((await stat(join(folder, "zeta.control"))).mode & 0o777, 0o640);
    assert.deepEqual(lines, []);
  });

  it("leaves one that exists as it is, and says so when it differs", async () => {
    await writeFile(join(folder, "zeta.control"), "mine");
    await write();
    assert.equal(await readFile(join(folder, "zeta.control"), "utf8"), "mine");
    assert.deepEqual(lines, [
      "warn control file zeta.control exists already and differs from the spec's: it stays as it is",
    ]);
    await write();
    assert.equal(lines.length, 2, "acme.control, which is the spec's, is no matter");
  });

  it("trap 6: leaves out and names what is not the name of a file", async () => {
    const controlData = new Map([["../evil.control", "x"]]);
    await write(remoteExtensions({ extensionData: new Map([["zeta", { controlData, archivePath: "" }]]) }));
    assert.deepEqual(await readdir(folder), []);
    assert.deepEqual(lines, ['warn control file "../evil.control" is left out: that is not the name of a file']);
  });

  it("fails with the path when the folder is missing", async () => {
    await assert.rejects(write(remoteExtensions(), join(folder, "missing")), (error) => {
      assert.ok(error instanceof InstallError);
      assert.match(error.message, /cannot write control file .*missing\/zeta\.control/);
      return true;
    });
  });

  const isRoot = process.getuid?.() === 0;
  it("goes on in an installation that it may not write to", {
    skip: isRoot && "root may write everywhere",
  }, async () => {
    await chmod(folder, 0o555);
    await write();
    await chmod(folder, 0o755);
    assert.match(lines.join("\n"), /^error cannot write control file .*zeta\.control; .*: none of the spec's/);
    assert.equal(lines.length, 1);
  });

  it("goes on in a read-only file system", { skip: withoutTmpfs }, () =>
    onTmpfs(folder, "ro,size=1m", async () => {
      await write();
      assert.match(lines.join("\n"), /^error cannot write control file .*zeta\.control; .*: none of the spec's/);
    }),
  );

  it("fails on a full disk, and leaves no half file to win at the next start", { skip: withoutTmpfs }, () =>
    onTmpfs(folder, "size=64k", async () => {
      const controlData = new Map([["zeta.control", "x".repeat(1 << 20)]]);
      const big = remoteExtensions({ extensionData: new Map([["zeta", { controlData, archivePath: "" }]]) });
      await assert.rejects(write(big), (error) => {
        assert.match(String(error instanceof InstallError && error.cause), /ENOSPC/);
        return true;
      });
      assert.deepEqual(await readdir(folder), []);
    }),
  );
});
