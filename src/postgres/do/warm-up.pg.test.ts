import assert from "node:assert/strict";
import { chmod, chown, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Log } from "../../base/log.ts";
import { postgresForUser } from "../../standin/postgres-install.ts";
import type { PostgresInstallation } from "../installation.ts";
import { locatePostgres } from "./installation.ts";
import { type WarmUp, warmUp } from "./warm-up.ts";

const never = new AbortController().signal;

let workdir: string;
let input: WarmUp;

function noting(lines: string[]): Log {
  const log: Log = {
    debug() {},
    info: (message) => void lines.push(message),
    warn: (message) => void lines.push(message),
    error: (message) => void lines.push(message),
    span: () => log,
  };
  return log;
}

before(async () => {
  workdir = await mkdtemp(join(tmpdir(), "warm-up-"));
  await chmod(workdir, 0o755);
  const { bindir, runAs: owner } = await postgresForUser({ major: 17, workdir });
  const home = join(workdir, "home");
  await mkdir(home);
  if (owner !== null) await chown(home, owner.uid, owner.gid);
  const installation = await locatePostgres({ pgbin: join(bindir, "postgres"), path: undefined }, never);
  input = { installation, pgdata: join(home, "pgdata"), owner, env: {} };
});

after(() => rm(workdir, { recursive: true, force: true }));

describe("warmUp (LIFE-4, CONF-73)", () => {
  it("starts a real Postgres for a moment and leaves nothing behind", async () => {
    const lines: string[] = [];
    await warmUp(input, { log: noting(lines), signal: never });
    assert.deepEqual(lines, ["warmed Postgres up"]);
    assert.deepEqual(await readdir(join(workdir, "home")), []);
  });

  it("is cut short by a spec, in silence, and leaves nothing behind either", async () => {
    const lines: string[] = [];
    const arrived = new AbortController();
    const warming = warmUp(input, { log: noting(lines), signal: arrived.signal });
    setTimeout(() => arrived.abort(new Error("a spec arrived")), 50);
    await warming;
    assert.deepEqual(lines, []);
    assert.deepEqual(await readdir(join(workdir, "home")), []);
  });

  it("logs a failure and goes on, where the original ends the process", async () => {
    const lines: string[] = [];
    const installation: PostgresInstallation = { ...input.installation, bindir: "/nowhere" };
    await warmUp({ ...input, installation }, { log: noting(lines), signal: never });
    assert.equal(lines.length, 1);
    assert.match(lines.join(), /could not warm Postgres up: .*ENOENT/);
    assert.deepEqual(await readdir(join(workdir, "home")), []);
  });
});
