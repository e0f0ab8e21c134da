import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync, statSync } from "node:fs";
import { chmod, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { postgresForUser } from "./postgres-install.ts";

async function makeFolder(t: TestContext, mode: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "standin-install-"));
  await chmod(folder, mode);
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** The npm package's Postgres as npm leaves it when it runs no scripts: without links. */
async function freshPackage(t: TestContext, mode: number): Promise<string> {
  const { bindir } = await postgresForUser({ major: 17, workdir: await makeFolder(t, 0o755) });
  const copy = join(await makeFolder(t, mode), "native");
  await cp(dirname(bindir), copy, { recursive: true, filter: (source) => !lstatSync(source).isSymbolicLink() });
  return copy;
}

function versionOf({ bindir, runAs }: Awaited<ReturnType<typeof postgresForUser>>): string {
  const credentials = runAs === null ? {} : { uid: runAs.uid, gid: runAs.gid };
  return execFileSync(join(bindir, "postgres"), ["--version"], { ...credentials, cwd: "/", encoding: "utf8" });
}

describe("a Postgres that can be run", () => {
  it("is used in place, with its libraries linked", async (t) => {
    const installed = await freshPackage(t, 0o755);
    const postgres = await postgresForUser({ major: 17, workdir: await makeFolder(t, 0o755), installed });
    assert.equal(postgres.bindir, join(installed, "bin"));
    assert.match(versionOf(postgres), /^postgres \(PostgreSQL\) 17\./);
  });

  it("is copied when the user cannot get to it", { skip: process.getuid?.() !== 0 && "needs root" }, async (t) => {
    const installed = await freshPackage(t, 0o700);
    const workdir = await makeFolder(t, 0o755);
    const postgres = await postgresForUser({ major: 17, workdir, installed });
    assert.equal(postgres.bindir, join(workdir, "postgres-17/bin"));
    assert.notEqual(postgres.runAs, null);
    assert.match(versionOf(postgres), /17\./);
    assert.equal(statSync(postgres.bindir).mode & 0o777, 0o755);
    assert.deepEqual(await postgresForUser({ major: 17, workdir, installed }), postgres);
  });

  it("is refused with advice when nobody can run it from anywhere", {
    skip: process.getuid?.() !== 0 && "needs root",
  }, async (t) => {
    const installed = await freshPackage(t, 0o700);
    const closed = await makeFolder(t, 0o700);
    await assert.rejects(postgresForUser({ major: 17, workdir: closed, installed }), /neither from .* set TMPDIR/);
  });
});
