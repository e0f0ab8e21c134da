import assert from "node:assert/strict";
import { access, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { makeTemporaryFolder } from "./temporary-folder.ts";

describe("the temporary folder of a test file", () => {
  it("can be entered by everybody, and is gone with what was left in it, which is named", async () => {
    const folder = await makeTemporaryFolder();
    assert.equal((await stat(folder.path)).mode & 0o777, 0o755);
    for (const name of ["pgdata-1", "node-compile-cache"]) await mkdir(join(folder.path, name));
    await writeFile(join(folder.path, "pgdata-1", "PG_VERSION"), "17");
    await writeFile(join(folder.path, "a.log"), "");
    assert.deepEqual(await folder.remove(), ["a.log", "pgdata-1"]);
    await assert.rejects(access(folder.path), { code: "ENOENT" });
  });

  it("of a file that tidies up has nothing in it", async () => {
    assert.deepEqual(await (await makeTemporaryFolder()).remove(), []);
  });
});
