import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { systemClock } from "../../base/clock.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { CannotRunError, StockPostgresCannotSync } from "../errors.ts";
import { type SyncCommand, type SyncPorts, syncSafekeepersAtStart, syncSafekeepersOnce } from "./sync-process.ts";

/** A folder with executable shell scripts, by their names. */
function folderOf(t: TestContext, scripts: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "sync-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

/** How to sync with a Postgres that is this script. */
function commandOf(t: TestContext, script: string, changes: Partial<SyncCommand> = {}): SyncCommand {
  const folder = folderOf(t, { postgres: script, cgexec: 'echo "$@" >&2; shift 2; exec "$@"' });
  return {
    pgbin: join(folder, "postgres"),
    pgdata: folder,
    env: { PATH: `${folder}${delimiter}${process.env["PATH"]}`, KEPT: "yes" },
    token: null,
    owner: null,
    memoryCgroup: null,
    doubt: null,
    ...changes,
  };
}

interface Recorded extends SyncPorts {
  readonly warnings: string[];
  readonly stderr: () => string;
}

function recorded(signal: AbortSignal = new AbortController().signal): Recorded {
  const warnings: string[] = [];
  const log: Log = { debug() {}, info() {}, warn: (line) => void warnings.push(line), error() {}, span: () => log };
  const pieces: Buffer[] = [];
  const onStderr = (chunk: Buffer): void => void pieces.push(chunk);
  return { log, clock: systemClock, signal, onStderr, warnings, stderr: () => Buffer.concat(pieces).toString() };
}

describe("postgres --sync-safekeepers, one run", () => {
  it("SK-22: prints the LSN on stdout; stderr goes to its taker", async (t) => {
    const ports = recorded();
    const { lsn, durationMs } = await syncSafekeepersOnce(commandOf(t, "echo hello >&2; echo 0/1696628"), ports);
    assert.equal(lsn, 0x1696628n);
    assert.ok(durationMs >= 0);
    assert.equal(ports.stderr(), "hello\n");
  });

  it("SK-20: gets the one argument, PGDATA, the token and what we were given", async (t) => {
    const ports = recorded();
    const script = 'echo "$@|$PGDATA|$NEON_AUTH_TOKEN|$KEPT" >&2; echo 0/0';
    const withToken = commandOf(t, script, { token: "tok" });
    assert.equal((await syncSafekeepersOnce(withToken, ports)).lsn, 0n);
    assert.equal(ports.stderr(), `--sync-safekeepers|${withToken.pgdata}|tok|yes\n`);
  });

  it("LIFE-61: runs in the memory group when asked", async (t) => {
    const ports = recorded();
    const command = commandOf(t, "echo 0/1", { memoryCgroup: "neon-postgres" });
    assert.equal((await syncSafekeepersOnce(command, ports)).lsn, 1n);
    assert.equal(ports.stderr(), `-g memory:neon-postgres ${command.pgbin} --sync-safekeepers\n`);
  });

  const failures: readonly (readonly [string, string, RegExp])[] = [
    ["an exit status", "echo out; exit 3", /non-zero status: exit status: 3\. stdout: out/],
    ["a signal", "kill -9 $$", /non-zero status: signal: 9 \(SIGKILL\)/],
    ["no LSN", "echo WAL", /printed no LSN but "WAL\\n"/],
  ];
  for (const [name, script, message] of failures) {
    it(`LIFE-14: ${name} is an error`, async (t) => {
      await assert.rejects(syncSafekeepersOnce(commandOf(t, script), recorded()), message);
    });
  }

  it("SK-23: the signal ends the process, and its reason is thrown when it is gone", async (t) => {
    const controller = new AbortController();
    const reason = new Error("SIGTERM");
    const ports = recorded(controller.signal);
    const script = 'trap "echo stopped >&2; exit 1" TERM; echo ready >&2; while :; do sleep 0.01; done';
    const onStderr = (chunk: Buffer): void => {
      ports.onStderr(chunk);
      controller.abort(reason);
    };
    await assert.rejects(syncSafekeepersOnce(commandOf(t, script), { ...ports, onStderr }), reason);
    assert.match(ports.stderr(), /ready\n(Terminated\n)?stopped/);
  });

  it("does not start when the signal has fired before", async (t) => {
    const reason = new Error("too late");
    await assert.rejects(syncSafekeepersOnce(commandOf(t, "exit 1"), recorded(AbortSignal.abort(reason))), reason);
  });
});

describe("postgres --sync-safekeepers at start (SK-24)", () => {
  it("a failed run is followed by another", async (t) => {
    const ports = recorded();
    const script = 'if [ -e "$PGDATA/tried" ]; then echo 0/5; else touch "$PGDATA/tried"; exit 1; fi';
    assert.equal((await syncSafekeepersAtStart(commandOf(t, script), ports)).lsn, 5n);
    assert.equal(ports.warnings.length, 1);
    assert.match(ports.warnings.join(), /^attempt 1\/6 to sync safekeepers failed, next try in 0 ms: .*exit status: 1/);
  });

  for (const message of [
    "FATAL:  --sync-safekeepers requires a value",
    '"root" execution of the PostgreSQL server is not permitted.',
  ]) {
    it(`stock Postgres is told apart at once: ${message}`, async (t) => {
      const ports = recorded();
      await assert.rejects(syncSafekeepersAtStart(commandOf(t, `echo '${message}' >&2; exit 1`), ports), (error) => {
        assert.ok(error instanceof Error && error.cause instanceof StockPostgresCannotSync);
        assert.match(describeError(error), /^failed to sync safekeepers: .*Neon's build of Postgres/);
        return true;
      });
      assert.equal(ports.warnings.length, 1);
    });
  }

  it("Trap 9: a Postgres that cannot be run is an ordinary, final error", async (t) => {
    const command = commandOf(t, "", { pgbin: "/nowhere/postgres" });
    await assert.rejects(
      syncSafekeepersAtStart(command, recorded()),
      (error) => error instanceof Error && error.cause instanceof CannotRunError,
    );
  });
});
