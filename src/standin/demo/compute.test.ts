import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type ComputeProcess, startCompute } from "./compute.ts";

interface Started {
  readonly compute: ComputeProcess;
  readonly shown: readonly string[];
  readonly logFile: string;
}

/** Starts a shell script in the place of `compute_ctl`. */
async function start(t: TestContext, script: string, command = "/bin/sh"): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), "demo-compute-"));
  t.after(() => rm(folder, { recursive: true }));
  const shown: string[] = [];
  const logFile = join(folder, "log");
  const compute = startCompute({
    command,
    args: ["-c", script],
    pgdata: join(folder, "pgdata"),
    logFile,
    verbose: false,
    show: (line) => shown.push(line),
  });
  return { compute, shown, logFile };
}

/** Waits until the script has written a line. */
async function firstLine({ compute }: Started): Promise<void> {
  while (compute.lastLines().length === 0) await new Promise((resolve) => setImmediate(resolve));
}

/** Whether a process exists and is more than an exit code that nobody has asked for. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z");
  return !stat.includes(") Z");
}

describe("the demo's compute", () => {
  it("is logged to a file, shown where it matters, and remembered at its end", async (t) => {
    const lines = ["t  INFO fine", "t  WARN odd", "t ERROR bad", "t  INFO PG: x FATAL:  worse"];
    const { compute, shown, logFile } = await start(t, `printf '%s\\n' '${lines.join("' '")}' >&2; exit 3`);
    assert.equal(await compute.ended, "exit code 3");
    assert.deepEqual(compute.lastLines(), lines);
    assert.deepEqual(shown, lines.slice(1));
    assert.equal(await readFile(logFile, "utf8"), `${lines.join("\n")}\n`);
    await compute.stop();
  });

  it("is asked to end, once, and waited for", async (t) => {
    const started = await start(t, "trap 'echo bye; exit 1' TERM; echo up; while :; do sleep 0.01; done");
    await firstLine(started);
    await Promise.all([started.compute.stop(), started.compute.stop()]);
    assert.equal(await started.compute.ended, "exit code 1");
    assert.deepEqual(started.compute.lastLines(), ["up", "bye"]);
  });

  it("leaves nothing behind that it started", async (t) => {
    const started = await start(t, "sleep 1000 & echo $!; exit 1");
    assert.equal(await started.compute.ended, "exit code 1");
    const pid = Number(started.compute.lastLines()[0]);
    assert.equal(await isAlive(pid), true);
    await started.compute.stop();
    for (let tries = 0; tries < 100 && (await isAlive(pid)); tries += 1) await delay(10);
    assert.equal(await isAlive(pid), false);
  });

  it("may be missing", async (t) => {
    const { compute } = await start(t, "", "/nonexistent/compute_ctl");
    assert.match(await compute.ended, /ENOENT/);
    await compute.stop();
  });
});
