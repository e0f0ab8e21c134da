import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { findExtensionFolders } from "./extension-folders.ts";

const never = new AbortController().signal;
let root: string;
let bindir: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "extension-folders-"));
  bindir = join(root, "bin");
  await mkdir(bindir);
});
afterEach(() => rm(root, { recursive: true }));

async function pgConfig(script: string): Promise<void> {
  await writeFile(join(bindir, "pg_config"), `#!/bin/sh\n${script}`);
  await chmod(join(bindir, "pg_config"), 0o755);
}

const find = () => findExtensionFolders({ bindir, libdir: join(root, "lib/postgresql") }, never);

describe("where extensions belong (EXT-21, EXT-37)", () => {
  it("is what the pg_config beside the binary says", async () => {
    await pgConfig('case "$1" in --sharedir) echo /s ;; --pkglibdir) echo /l ;; esac');
    assert.deepEqual(await find(), { extension: "/s/extension", library: "/l" });
  });

  it("is where PL/pgSQL is, when there is no pg_config", async () => {
    for (const share of ["share", "share/postgresql"]) {
      await mkdir(join(root, share, "extension"), { recursive: true });
      await writeFile(join(root, share, "extension/plpgsql.control"), "");
      const expected = { extension: join(root, share, "extension"), library: join(root, "lib/postgresql") };
      assert.deepEqual(await find(), expected);
    }
  });

  it("is an error that names the tool when it fails or talks nonsense", async () => {
    await pgConfig("exit 3");
    await assert.rejects(find(), /bin\/pg_config does not tell where extensions belong/);
    await pgConfig("echo relative/path");
    await assert.rejects(find(), (error) => {
      assert.match(
        String(error instanceof Error && error.cause),
        /it answers "relative\/path" to --(?:sharedir|pkglibdir)/,
      );
      return true;
    });
  });

  it("is an error that names the folders when nothing tells", async () => {
    await assert.rejects(
      find(),
      /there is no .*bin\/pg_config, and no plpgsql\.control in .*share\/postgresql\/extension/,
    );
  });
});
