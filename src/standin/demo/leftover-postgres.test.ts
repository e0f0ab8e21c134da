import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { endLeftoverPostgres } from "./leftover-postgres.ts";

async function makePgdata(t: TestContext): Promise<string> {
  const pgdata = await realpath(await mkdtemp(join(tmpdir(), "demo-leftover-")));
  t.after(() => rm(pgdata, { recursive: true }));
  return pgdata;
}

/** A process in the place of a postmaster, up when it has answered. */
async function startIn(t: TestContext, cwd: string, script: string): Promise<ChildProcess> {
  const child = spawn("/bin/sh", ["-c", `${script}; echo up; while :; do sleep 0.01; done`], { cwd });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

async function endedBy(child: ChildProcess): Promise<unknown> {
  if (child.signalCode === null) await once(child, "exit");
  return child.signalCode;
}

describe("a Postgres that its compute left behind", () => {
  it("is told to quit, and killed when it does not", async (t) => {
    for (const [script, signal] of [
      [":", "SIGQUIT"],
      ["trap '' QUIT", "SIGKILL"],
    ] as const) {
      const pgdata = await makePgdata(t);
      const child = await startIn(t, pgdata, script);
      await writeFile(join(pgdata, "postmaster.pid"), `${child.pid}\n${pgdata}\n`);
      await endLeftoverPostgres(pgdata);
      assert.equal(await endedBy(child), signal);
    }
  });

  it("is not confused with another process that has its number now", async (t) => {
    const pgdata = await makePgdata(t);
    const stranger = await startIn(t, tmpdir(), ":");
    await writeFile(join(pgdata, "postmaster.pid"), `${stranger.pid}\n${pgdata}\n`);
    await endLeftoverPostgres(pgdata);
    assert.equal(stranger.signalCode, null);
    assert.equal(stranger.kill(0), true);
  });

  it("need not exist", async (t) => {
    await endLeftoverPostgres(await makePgdata(t));
    await endLeftoverPostgres("/nonexistent");
  });
});
