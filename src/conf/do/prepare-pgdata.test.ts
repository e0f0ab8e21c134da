import assert from "node:assert/strict";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { PgdataError, preparePgdata } from "./prepare-pgdata.ts";
import { testFolder } from "./test-folder.ts";

const plain = { owner: null, keepGoing: false };

async function fill(folder: string): Promise<void> {
  await mkdir(join(folder, "base", "1"), { recursive: true });
  await writeFile(join(folder, "base", "1", "112"), "x");
}

test("CONF-2: a missing data directory is made, with mode 0700", async (t) => {
  const folder = await testFolder(t);
  const pgdata = join(folder, "pgdata");
  const { oldRemoved } = await preparePgdata({ pgdata, ...plain });
  assert.equal((await stat(pgdata)).mode & 0o777, 0o700);
  assert.deepEqual(await oldRemoved, []);
});

test("CONF-2: an old one is replaced by an empty one, and is gone when the removal has ended", async (t) => {
  const folder = await testFolder(t);
  const pgdata = join(folder, "pgdata");
  await fill(pgdata);
  const { oldRemoved } = await preparePgdata({ pgdata: `${pgdata}/`, ...plain });
  assert.deepEqual(await readdir(pgdata), []);
  assert.deepEqual(await oldRemoved, []);
  assert.deepEqual(await readdir(folder), ["pgdata"]);
});

test("LIFE-12: what a crash left of an older one is removed, and nothing else", async (t) => {
  const folder = await testFolder(t);
  await fill(join(folder, "pgdata.old-1-2"));
  await fill(join(folder, "pgdata.older"));
  const { oldRemoved } = await preparePgdata({ pgdata: join(folder, "pgdata"), ...plain });
  await oldRemoved;
  assert.deepEqual((await readdir(folder)).sort(), ["pgdata", "pgdata.older"]);
});

test("CONF-T20: a data directory that cannot be moved is emptied where it is", async (t) => {
  const folder = await testFolder(t);
  const [real, pgdata] = [join(folder, "volume"), join(folder, "pgdata")];
  await fill(real);
  const { ino } = await stat(real);
  await symlink(real, pgdata);
  const { oldRemoved } = await preparePgdata({ pgdata, ...plain });
  await oldRemoved;
  assert.deepEqual(await readdir(real), []);
  assert.equal((await stat(pgdata)).ino, ino);
});

test("a missing parent is an error that names both paths and says what to do", async (t) => {
  const folder = await testFolder(t);
  const pgdata = join(folder, "absent", "pgdata");
  await assert.rejects(preparePgdata({ pgdata, ...plain }), (error) => {
    assert.ok(error instanceof PgdataError);
    assert.ok(
      error.message.startsWith(`cannot prepare the data directory ${pgdata}: its parent ${join(folder, "absent")}`),
    );
    assert.match(error.message, /does not exist; create that, or name another place with --pgdata/);
    return true;
  });
});

test("a file in its place is an error, and stays", async (t) => {
  const path = join(await testFolder(t), "config.json");
  await writeFile(path, "precious");
  await assert.rejects(preparePgdata({ pgdata: path, ...plain }), /config\.json: it is no directory; .*--pgdata/);
  assert.equal(await readFile(path, "utf8"), "precious");
});

test("a parent that is a file is an error, too", async (t) => {
  const folder = await testFolder(t);
  await writeFile(join(folder, "file"), "");
  await assert.rejects(preparePgdata({ pgdata: join(folder, "file", "pgdata"), ...plain }), {
    code: "PGDATA",
    message: /is not a directory/,
  });
});

test("CONF-2: in lakebase mode only the change of mode must succeed", async (t) => {
  const pgdata = join(await testFolder(t), "absent", "pgdata");
  await assert.rejects(preparePgdata({ pgdata, owner: null, keepGoing: true }), { code: "PGDATA" });
});
