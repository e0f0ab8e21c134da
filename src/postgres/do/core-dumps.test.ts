import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import type { Log } from "../../base/log.ts";
import { reportCoreDumps } from "./core-dumps.ts";

function noting(lines: string[]): Log {
  const note = (line: string): void => void lines.push(line);
  const log: Log = { debug() {}, info() {}, warn: note, error: note, span: () => log };
  return log;
}

it("says which core files Postgres left, and nothing when it left none (LIFE-37)", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "core-dumps-"));
  t.after(() => rm(folder, { recursive: true }));
  const lines: string[] = [];
  await reportCoreDumps(folder, "/bin/sh", noting(lines));
  assert.deepEqual(lines, []);

  await writeFile(join(folder, "core.17"), "not a core file");
  await writeFile(join(folder, "corelib"), "not named like one");
  await reportCoreDumps(folder, "/bin/sh", noting(lines));
  assert.equal(lines[0], `core dump found: ${join(folder, "core.17")}, collecting backtrace`);
  // Whether a debugger is installed or not, the outcome is told and nothing is thrown.
  assert.ok(lines.length > 1, lines.join("\n"));
  assert.ok(!lines.join("\n").includes("corelib"));
});

it("does not fail for a data directory that is gone", async () => {
  const lines: string[] = [];
  await reportCoreDumps("/nowhere/at/all", "/bin/sh", noting(lines));
  assert.match(lines.join(), /could not look at core dumps: .*ENOENT/);
});
