import assert from "node:assert/strict";
import { mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { finishPgdata } from "./finish-pgdata.ts";
import { testFolder } from "./test-folder.ts";

const primary = { owner: null, mode: "primary", hbaMethod: "md5", databricks: null, major: 17 } as const;

async function baseBackup(t: TestContext): Promise<string> {
  const pgdata = await testFolder(t);
  await mkdir(join(pgdata, "pg_dynshmem"));
  await writeFile(join(pgdata, "pg_dynshmem", "mmap.1"), "");
  await writeFile(join(pgdata, "pg_hba.conf"), "local all all trust\n");
  await writeFile(join(pgdata, "pg_ident.conf"), "");
  await writeFile(join(pgdata, "zenith.signal"), "PREV LSN: 0/16B3748");
  return pgdata;
}

test("CONF-60, CONF-61, CONF-64: a primary's data directory is completed", async (t) => {
  const pgdata = await baseBackup(t);
  assert.deepEqual(await finishPgdata({ pgdata, ...primary }), []);
  assert.equal(await readFile(join(pgdata, "neon.signal"), "utf8"), "PREV LSN: 0/16B3748");
  const rule = "host\tall\t\tall\t\tall\t\tmd5";
  assert.equal(await readFile(join(pgdata, "pg_hba.conf"), "utf8"), `local all all trust\n\n${rule}`);
  assert.equal(await readlink(join(pgdata, "pg_dynshmem")), "/dev/shm/");
  assert.equal(await readFile(join(pgdata, "compute_ctl_temp_override.conf"), "utf8"), "");
  assert.equal((await readdir(pgdata)).includes("standby.signal"), false);
});

test("CONF-65: a replica becomes a standby", async (t) => {
  const pgdata = await baseBackup(t);
  await finishPgdata({ pgdata, ...primary, mode: "replica" });
  assert.equal(await readFile(join(pgdata, "standby.signal"), "utf8"), "");
});

test("CONF-64: a base backup without pg_dynshmem gets the link as well", async (t) => {
  const pgdata = await testFolder(t);
  await finishPgdata({ pgdata, ...primary });
  await finishPgdata({ pgdata, ...primary });
  assert.equal(await readlink(join(pgdata, "pg_dynshmem")), "/dev/shm/");
});

test("CONF-57, CONF-62: a lakebase deployment's certificates and access files come in", async (t) => {
  const pgdata = await baseBackup(t);
  const outside = await testFolder(t);
  const [certFile, keyFile] = [join(outside, "a.crt"), join(outside, "a.key")];
  await writeFile(certFile, "certificate");
  await writeFile(keyFile, "key");
  const databricks = {
    tls: { certFile, keyFile, caFile: "/ca" },
    pgHba: "/x/hba.conf",
    pgIdent: "/x/ident.conf",
    workspaceHost: "",
  };
  await writeFile(join(pgdata, "a.crt"), "already there");
  assert.deepEqual(await finishPgdata({ pgdata, ...primary, databricks }), []);
  assert.equal(await readFile(join(pgdata, "a.crt"), "utf8"), "already there");
  assert.equal(await readFile(join(pgdata, "a.key"), "utf8"), "key");
  assert.match(await readFile(join(pgdata, "pg_hba.conf"), "utf8"), /^include_if_exists \/x\/hba.conf\nlocal /);
  assert.equal(await readFile(join(pgdata, "pg_ident.conf"), "utf8"), "include_if_exists /x/ident.conf\n");

  const old = await baseBackup(t);
  const warnings = await finishPgdata({ pgdata: old, ...primary, databricks, major: 15 });
  assert.match(warnings.join(), /Postgres 15 cannot read them/);
  assert.equal((await readFile(join(old, "pg_hba.conf"), "utf8")).includes("include"), false);
});
