import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Log } from "../../base/log.ts";
import { endLeftoverPostmaster } from "./leftover-postmaster.ts";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, span: () => silent };

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "leftover-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** A process that works in `cwd`, and whose pid stands in the pid file of `pgdata`. */
async function startOne(t: TestContext, cwd: string, pgdata: string): Promise<ChildProcess> {
  const child = spawn("/bin/sleep", ["60"], { cwd, stdio: "ignore" });
  await once(child, "spawn");
  t.after(() => child.kill("SIGKILL"));
  await writeFile(join(pgdata, "postmaster.pid"), `${child.pid}\n${pgdata}\n`);
  return child;
}

describe("endLeftoverPostmaster (LIFE-12)", () => {
  it("ends the process of the pid file that works in the directory", async (t) => {
    const pgdata = await folderFor(t);
    const child = await startOne(t, pgdata, pgdata);
    const exited = once(child, "exit");
    await endLeftoverPostmaster(pgdata, silent);
    assert.deepEqual(await exited, [null, "SIGQUIT"]);
  });

  it("spares a process that only has the number", async (t) => {
    const pgdata = await folderFor(t);
    const child = await startOne(t, tmpdir(), pgdata);
    await endLeftoverPostmaster(pgdata, silent);
    assert.equal(child.signalCode, null);
    assert.equal(child.kill(0), true);
  });

  it("does nothing without a directory, without a pid file and with one that holds no number", async (t) => {
    const pgdata = await folderFor(t);
    await endLeftoverPostmaster(join(pgdata, "missing"), silent);
    await endLeftoverPostmaster(pgdata, silent);
    await writeFile(join(pgdata, "postmaster.pid"), "-1\n");
    await endLeftoverPostmaster(pgdata, silent);
    await endLeftoverPostmaster(join(pgdata, "postmaster.pid"), silent);
  });
});
