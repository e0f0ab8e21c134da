import assert from "node:assert/strict";
import { mkdir, readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { testHost, until } from "../../../test/support/service-host.ts";
import { createAuditCleaner, keepAuditLogsClean } from "./clean-audit-logs.ts";

async function cleanerOf(t: TestContext) {
  const host = await testHost(t);
  const folder = join(host.root, "log");
  const sizes: number[] = [];
  const now = new Date();
  const cleaning = {
    ...{ folder, stateFolder: host.paths.rsyslogState, log: host.log, now: () => now },
    onSize: (bytes: number) => void sizes.push(bytes),
  };
  const file = async (name: string, minutes: number, text: string): Promise<string> => {
    const path = await host.write(join(folder, name), text);
    const then = new Date(now.getTime() - minutes * 60_000);
    await utimes(path, then, then);
    return path;
  };
  const shipped = (path: string, bytes: number) =>
    host.write(
      join(host.paths.rsyslogState, `imfile-state:${bytes}`),
      JSON.stringify({ filename: path, curr_offs: bytes }),
    );
  return { host, folder, sizes, cleaning, clean: createAuditCleaner(cleaning), file, shipped };
}

describe("createAuditCleaner", () => {
  it("SVC-35: removes shipped audit files after 15 minutes, in subfolders too, and nothing else", async (t) => {
    const { folder, sizes, clean, file, shipped } = await cleanerOf(t);
    await shipped(await file("audit-old.log", 16, "12345"), 5);
    await shipped(await file("deep/audit-old.log", 16, "1234567"), 7);
    await shipped(await file("audit-new.log", 14, "123"), 3);
    await file("postgresql.log", 600, "1234");
    await file("notes.txt", 600, "12");
    await clean();
    assert.deepEqual((await readdir(folder, { recursive: true })).sort(), [
      "audit-new.log",
      "deep",
      "notes.txt",
      "postgresql.log",
    ]);
    assert.deepEqual(sizes, [7], "of plain files directly in it whose name ends in log");
  });

  it("SVC-T9: warns once of a file that is not shipped, and gives it up after an hour with an error", async (t) => {
    const { host, folder, clean, file, shipped } = await cleanerOf(t);
    await shipped(await file("audit-half.log", 20, "12345"), 4);
    await file("audit-never.log", 61, "12345");
    await clean();
    await clean();
    assert.deepEqual(await readdir(folder), ["audit-half.log"]);
    assert.deepEqual(
      host.lines.map((line) => line.replaceAll(folder, "")),
      [
        "warn the audit log /audit-half.log is finished, but not shipped; it is kept for an hour at most",
        "error the audit log /audit-never.log was not shipped within an hour and is removed",
      ],
    );
  });

  it("SVC-35: goes by age where rsyslogd keeps no state, and measures 0 where there is no folder", async (t) => {
    const { host, sizes, folder, clean, file } = await cleanerOf(t);
    await clean();
    assert.deepEqual(sizes, [0]);
    await file("audit-old.log", 16, "12345");
    await clean();
    assert.deepEqual(await readdir(folder), []);
    assert.equal(host.lines.filter((line) => /cannot tell which audit logs are shipped/.test(line)).length, 1);
    assert.equal(host.lines.filter((line) => /cannot measure the audit logs/.test(line)).length, 1);
  });
});

describe("keepAuditLogsClean", () => {
  it("looks at once, and ends when the signal fires", async (t) => {
    const { cleaning, sizes, folder } = await cleanerOf(t);
    await mkdir(folder);
    const off = new AbortController();
    const running = keepAuditLogsClean(cleaning, off.signal);
    await until("the first look", () => sizes.length === 1);
    off.abort();
    await running;
  });
});
