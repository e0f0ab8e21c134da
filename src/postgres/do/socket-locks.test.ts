import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import type { Log } from "../../base/log.ts";
import { removeStaleSocketLocks } from "./socket-locks.ts";

it("FIELD-4: removes the locks of dead processes and of others than Postgres, with a warning each", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "compute-ctl-locks-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const warnings: string[] = [];
  const note = (text: string): void => void warnings.push(text);
  const log: Log = { debug() {}, info() {}, warn: note, error: note, span: () => log };
  const dead = spawnSync("true").pid;
  const paths = ["dead", "other", "odd", "missing"].map((name) => join(folder, name));
  await writeFile(join(folder, "dead"), `${dead}\n/pgdata\n`);
  // This very process: alive, and no Postgres.
  await writeFile(join(folder, "other"), `${process.pid}\n/pgdata\n`);
  await writeFile(join(folder, "odd"), "no number\n");
  await removeStaleSocketLocks(paths, log);
  await access(join(folder, "odd"));
  for (const gone of ["dead", "other"]) await assert.rejects(access(join(folder, gone)), { code: "ENOENT" });
  assert.equal(warnings.length, 2);
  assert.match(warnings.join("\n"), /other, which an earlier Postgres left behind: its process is /);
});
