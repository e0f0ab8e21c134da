import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { LogEvent } from "./line.ts";
import { createLogDirectory } from "./log-directory.ts";

async function newFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "log-directory-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

function eventOn(day: number, message: string): LogEvent {
  return { timeMicros: Date.UTC(2031, 3, day) * 1000, level: "info", spans: [], message, fields: {} };
}

describe("lakebase's log files (LIFE-86)", () => {
  it("hold every event of their day when they are flushed before the exit (T-18)", async (t) => {
    const folder = join(await newFolder(t), "new", "logs");
    const files = createLogDirectory(folder, assert.fail);
    files.write(eventOn(5, "no ids yet"));
    files.identify({ instanceId: "in-1", computeId: "co/2" });
    for (let at = 0; at < 2_000; at += 1) files.write(eventOn(5, `line ${at}`));
    await files.flush(60_000);
    const lines = (await readFile(join(folder, "pgcctl.2031-04-05"), "utf8")).trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).message),
      ["no ids yet", ...Array.from({ length: 2_000 }, (_, at) => `line ${at}`)],
    );
    assert.match(lines[0] ?? "", /"pg_instance_id": "", "pg_compute_id": "",/);
    assert.match(lines[1] ?? "", /"pg_instance_id": "in-1", "pg_compute_id": "co\/2",/);
  });

  it("are continued after a restart, and the two newest are kept", async (t) => {
    const folder = await newFolder(t);
    for (const name of ["pgcctl.2031-04-01", "pgcctl.2031-04-05", "mine"]) await writeFile(join(folder, name), "old\n");
    const files = createLogDirectory(folder, assert.fail);
    files.write(eventOn(5, "a"));
    files.write(eventOn(6, "b"));
    files.write(eventOn(6, "c"));
    await files.flush(60_000);
    assert.deepEqual((await readdir(folder)).sort(), ["mine", "pgcctl.2031-04-05", "pgcctl.2031-04-06"]);
    assert.match(await readFile(join(folder, "pgcctl.2031-04-05"), "utf8"), /^old\n\{.*"a"\}\n$/);
    assert.match(await readFile(join(folder, "pgcctl.2031-04-06"), "utf8"), /^\{.*"b"\}\n\{.*"c"\}\n$/);
  });

  it("that cannot be written are told of once, and again after they could be", async (t) => {
    const folder = await newFolder(t);
    const inTheWay = join(folder, "logs");
    const problems: string[] = [];
    const files = createLogDirectory(inTheWay, (problem) => problems.push(problem));
    const write = async (): Promise<void> => {
      files.write(eventOn(5, "x"));
      await files.flush(60_000);
    };
    await writeFile(inTheWay, "");
    await write();
    await write();
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /^cannot keep log files in .*: EEXIST/);
    await rm(inTheWay);
    await write();
    assert.deepEqual(await readdir(inTheWay), ["pgcctl.2031-04-05"]);
    await rm(inTheWay, { recursive: true });
    await writeFile(inTheWay, "");
    await write();
    assert.equal(problems.length, 2);
  });
});
