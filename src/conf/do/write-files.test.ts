import assert from "node:assert/strict";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { testFolder } from "./test-folder.ts";
import { editFile, writeFileAtomic, writeOverride, writePostgresqlConf } from "./write-files.ts";

const mine = { mode: 0o640, owner: null };

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

test("CONF-T1: a file is written whole, with the asked mode whatever the umask, and nothing beside it", async (t) => {
  const folder = await testFolder(t);
  const path = join(folder, "file");
  const umask = process.umask(0o077);
  t.after(() => process.umask(umask));
  await writeFile(path, "old");
  await writeFileAtomic(path, "new", mine);
  assert.equal(await readFile(path, "utf8"), "new");
  assert.equal(await modeOf(path), 0o640);
  assert.deepEqual(await readdir(folder), ["file"]);
});

test("CONF-T1: who has the old file open keeps reading the old text", async (t) => {
  const path = join(await testFolder(t), "file");
  await writeFile(path, "old");
  const before = await stat(path);
  await writeFileAtomic(path, "new", mine);
  assert.notEqual((await stat(path)).ino, before.ino);
});

test("CONF-T1: a write that fails leaves no temporary file", async (t) => {
  const folder = await testFolder(t);
  await mkdir(join(folder, "file"));
  await assert.rejects(writeFileAtomic(join(folder, "file"), "new", mine), { code: "EISDIR" });
  assert.deepEqual(await readdir(folder), ["file"]);
  await assert.rejects(writeFileAtomic(join(folder, "absent", "file"), "new", mine), { code: "ENOENT" });
});

test("nothing is written through what lies in the temporary file's place, be it a trap or left by a crash", async (t) => {
  const folder = await testFolder(t);
  const elsewhere = join(folder, "elsewhere");
  await writeFile(elsewhere, "precious");
  const path = join(folder, "file");
  for (let number = 1; number <= 100; number += 1) await symlink(elsewhere, `${path}.tmp-${process.pid}-${number}`);
  await writeFileAtomic(path, "new", mine);
  assert.equal(await readFile(path, "utf8"), "new");
  assert.equal(await readFile(elsewhere, "utf8"), "precious");
  assert.equal((await readdir(folder)).length, 101);
});

test("a file can be given to an owner", async (t) => {
  const path = join(await testFolder(t), "file");
  const { getuid, getgid } = process;
  assert.ok(getuid !== undefined && getgid !== undefined);
  const owner = { uid: getuid(), gid: getgid() };
  await writeFileAtomic(path, "x", { mode: 0o600, owner });
  const found = await stat(path);
  assert.deepEqual({ uid: found.uid, gid: found.gid }, owner);
});

test("postgresql.conf is only written when its text changed", async (t) => {
  const folder = await testFolder(t);
  assert.equal(await writePostgresqlConf(folder, "port = 1\n", null), true);
  const first = await stat(join(folder, "postgresql.conf"));
  assert.equal(await writePostgresqlConf(folder, "port = 1\n", null), false);
  assert.equal((await stat(join(folder, "postgresql.conf"))).ino, first.ino);
  assert.equal(await writePostgresqlConf(folder, "port = 2\n", null), true);
  assert.equal(await readFile(join(folder, "postgresql.conf"), "utf8"), "port = 2\n");
});

test("CONF-41: the override holds its text alone, and can be lifted", async (t) => {
  const folder = await testFolder(t);
  const path = join(folder, "compute_ctl_temp_override.conf");
  await writeOverride(folder, "neon.max_cluster_size=-1", null);
  assert.equal(await readFile(path, "utf8"), "neon.max_cluster_size=-1");
  await writeOverride(folder, "", null);
  assert.equal(await readFile(path, "utf8"), "");
});

test("an edited file keeps its mode; a new one is private", async (t) => {
  const folder = await testFolder(t);
  const [old, fresh] = [join(folder, "old"), join(folder, "fresh")];
  await writeFile(old, "a", { mode: 0o644 });
  for (const path of [old, fresh]) await editFile(path, null, (text) => `${text}b`);
  assert.deepEqual([await readFile(old, "utf8"), await modeOf(old)], ["ab", 0o644]);
  assert.deepEqual([await readFile(fresh, "utf8"), await modeOf(fresh)], ["nullb", 0o600]);
});
