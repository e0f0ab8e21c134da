import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Log } from "../../base/log.ts";
import { type Postmaster, PostmasterSpawnError, startPostmaster, stopPostmaster } from "./postmaster.ts";

const warnings: string[] = [];
const log: Log = {
  debug: () => {},
  info: () => {},
  warn: (message) => warnings.push(message),
  error: () => {},
  span: () => log,
};

let pgdata: string;
let started: Postmaster[];
let records: string[];

beforeEach(async () => {
  pgdata = await mkdtemp(join(tmpdir(), "postmaster-"));
  started = [];
  records = [];
  warnings.length = 0;
});

afterEach(async () => {
  for (const { kill, exited } of started) {
    kill("SIGKILL");
    await exited;
  }
  await rm(pgdata, { recursive: true });
});

/** Starts a shell script in the part of Postgres; `$1` is the data folder. */
async function start(
  script: string,
  limits: { readonly readyMs?: number; readonly quitMs?: number; readonly drainMs?: number } = {},
  signal = new AbortController().signal,
): Promise<Postmaster> {
  const postmaster = await startPostmaster(
    {
      command: "/bin/sh",
      args: ["-c", script, "sh", pgdata],
      env: { PATH: "/usr/bin:/bin" },
      owner: null,
      pgdata,
      onRecords: (arrived) => records.push(...arrived),
    },
    { log, signal },
    { readyMs: 30_000, ...limits },
  );
  started.push(postmaster);
  return postmaster;
}

const pidFile = (state: string): string => `printf '1\\n%s\\n' '${state}' > "$1/postmaster.pid"`;
/** Waits in the shell itself, so that no child of it outlives it with our pipe in hand. */
const waitForever = "while :; do sleep 0.02; done";

describe("readiness (CONF-71)", () => {
  it("comes with the pid file's last line", async () => {
    const postmaster = await start(`${pidFile("starting")}; sleep 0.1; ${pidFile("ready   ")}; ${waitForever}`);
    await postmaster.ready;
    assert.match(await readFile(`${pgdata}/postmaster.pid`, "utf8"), /ready/);
  });

  it("survives a pid file that comes and goes (CONF-T17)", async () => {
    const gone = 'rm "$1/postmaster.pid"';
    const flicker = `for i in 1 2 3 4 5; do ${pidFile("starting")}; ${gone}; done`;
    const postmaster = await start(`${flicker}; ${pidFile("ready")}; ${waitForever}`);
    await postmaster.ready;
  });

  it("fails with the exit code when the process ends first", async () => {
    const postmaster = await start("exit 7");
    await assert.rejects(postmaster.ready, (error: Error) => {
      assert.deepEqual([error.message, error.cause], ["Postgres exited unexpectedly with code 7", undefined]);
      return true;
    });
    assert.deepEqual(await postmaster.exited, { code: 7, signal: null, text: "exit status: 7" });
  });

  it("fails with -1 when a signal ended the process", async () => {
    const postmaster = await start("kill -KILL $$");
    await assert.rejects(postmaster.ready, { message: "Postgres exited unexpectedly with code -1" });
    assert.deepEqual(await postmaster.exited, { code: null, signal: "SIGKILL", text: "signal: 9 (SIGKILL)" });
  });

  it("gives Postgres's last words as the cause", async () => {
    const postmaster = await start("echo 't LOG:  hello' >&2; echo '2031-04-05 06:07:08 FATAL:  no' >&2; exit 1");
    await assert.rejects(postmaster.ready, (error: Error) => {
      assert.deepEqual(error.cause, new Error("FATAL:  no"));
      return true;
    });
    assert.deepEqual(postmaster.lastRecords(), ["t LOG:  hello", "2031-04-05 06:07:08 FATAL:  no"]);
  });

  it("times out, and the process is ended by SIGQUIT (LIFE-17)", async () => {
    const postmaster = await start(`${pidFile("standby")}; trap 'exit 3' QUIT; ${waitForever}`, { readyMs: 500 });
    await assert.rejects(postmaster.ready, { message: "timed out while waiting for Postgres to start" });
    assert.equal((await postmaster.exited).text, "exit status: 3");
  });

  it("times out, and the process is killed when it does not heed SIGQUIT (LIFE-17)", async () => {
    const postmaster = await start(`trap '' QUIT; ${waitForever}`, { readyMs: 500, quitMs: 50 });
    await assert.rejects(postmaster.ready, { message: "timed out while waiting for Postgres to start" });
    assert.equal((await postmaster.exited).signal, "SIGKILL");
    assert.equal(warnings.length, 2);
  });

  it("is not waited for any longer when the signal fires, and the process stays", async () => {
    const controller = new AbortController();
    const postmaster = await start(`trap 'exit 0' INT; ${waitForever}`, {}, controller.signal);
    controller.abort(new Error("terminating"));
    await assert.rejects(postmaster.ready, { message: "terminating" });
    const gone = await Promise.race([postmaster.exited, new Promise((resolve) => setTimeout(resolve, 50, "alive"))]);
    assert.equal(gone, "alive");
  });
});

describe("the log of the process", () => {
  it("is complete when the process is known to be gone (T-25)", async () => {
    const postmaster = await start(
      'i=0; while [ $i -lt 5000 ]; do echo "line $i"; i=$((i+1)); done >&2; printf last >&2',
    );
    await postmaster.exited;
    const lines = records.flatMap((record) => record.split("\u200b"));
    assert.deepEqual(lines, [...Array.from({ length: 5000 }, (_, index) => `line ${index}`), "last"]);
  });

  it("is handed on after a gap, while the process goes on (LIFE-87)", async () => {
    await start(`printf 'one\\n\\ttwo\\nunfinished' >&2; ${waitForever}`);
    while (records.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(records, ["one\u200b\ttwo"]);
  });

  it("goes on after invalid UTF-8 (T-17, CONF-T16)", async () => {
    const postmaster = await start("printf 'a\\377b\\n' >&2; printf '2031-04-05 06:07:08 next\\n' >&2");
    await postmaster.exited;
    assert.deepEqual(records, ["a\ufffdb", "2031-04-05 06:07:08 next"]);
  });

  it("does not hold up the exit when a left-over child keeps the pipe", async () => {
    const postmaster = await start('echo before >&2; sleep 60 & echo $! > "$1/left"; exit 2', { drainMs: 50 });
    assert.equal((await postmaster.exited).code, 2);
    const leftOver = Number(await readFile(`${pgdata}/left`, "utf8"));
    assert.ok(process.kill(leftOver, "SIGKILL"), "it had gone already");
    assert.deepEqual(records, ["before"]);
  });
});

describe("stopping", () => {
  it("is a fast shutdown first", async () => {
    const postmaster = await start(`trap 'exit 0' INT; ${pidFile("ready")}; ${waitForever}`);
    await postmaster.ready;
    assert.equal((await stopPostmaster(postmaster, { fastMs: 30_000 }, log)).text, "exit status: 0");
    assert.deepEqual(warnings, []);
  });

  it("goes on to SIGQUIT when that takes too long (T-7)", async () => {
    const postmaster = await start(`trap '' INT; trap 'exit 2' QUIT; ${pidFile("ready")}; ${waitForever}`);
    await postmaster.ready;
    assert.equal((await stopPostmaster(postmaster, { fastMs: 50 }, log)).code, 2);
    assert.deepEqual(warnings, ["Postgres did not shut down in 50 ms, sending SIGQUIT"]);
  });

  it("ends with SIGKILL", async () => {
    const postmaster = await start(`trap '' INT QUIT; ${pidFile("ready")}; ${waitForever}`);
    await postmaster.ready;
    const exit = await stopPostmaster(postmaster, { fastMs: 50, quitMs: 50 }, log);
    assert.equal(exit.text, "signal: 9 (SIGKILL)");
  });

  it("finds a process that has gone already", async () => {
    const postmaster = await start("exit 5");
    await postmaster.exited;
    assert.equal((await stopPostmaster(postmaster, { fastMs: 30_000 }, log)).code, 5);
  });
});

describe("a program that is not there", () => {
  it("is an error that names it", async () => {
    const command = join(pgdata, "no-such-program");
    const start = { command, args: [], env: {}, owner: null, pgdata, onRecords: () => {} };
    await assert.rejects(startPostmaster(start, { log, signal: new AbortController().signal }), (error) => {
      assert.ok(error instanceof PostmasterSpawnError);
      assert.match(error.message, /no-such-program/);
      return true;
    });
  });
});
