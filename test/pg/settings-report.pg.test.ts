import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { reloadConfiguration } from "../../src/postgres/do/reload.ts";
import type { SettingsReport } from "../../src/postgres/settings-report.ts";
import { createRecordingLog } from "./recording-log.ts";
import { majors, startTemporaryPostgres } from "./temporary-postgres.ts";

const never = new AbortController().signal;

for (const major of majors) {
  describe(`what Postgres ${major} holds back after a reload (chapter 04 §14.2)`, () => {
    it("CONF-19, CONF-T19: rejected lines, settings that wait for a restart, and what ALTER SYSTEM overrules", async (t) => {
      const postgres = await startTemporaryPostgres(t, major);
      const { log } = createRecordingLog();
      const [{ path, pid }] = rowsOf(
        await postgres.sql(
          "postgres",
          `SELECT pg_catalog.current_setting('config_file') AS path,
             pg_catalog.split_part(pg_catalog.pg_read_file('postmaster.pid'), E'\\n', 1) AS pid`,
        ),
      );
      const before = await readFile(path ?? "", "utf8");
      const reload = async (more: string): Promise<SettingsReport | null> => {
        await writeFile(path ?? "", `${before}${more}`);
        let told: Promise<SettingsReport | null> | undefined;
        await reloadConfiguration(
          () => void process.kill(Number(pid), "SIGHUP"),
          postgres.openSession,
          { log, signal: never },
          (report) => (told = report),
        );
        return (await told) ?? null;
      };
      assert.deepEqual(await reload(""), { rejected: [], pendingRestart: [], overruled: [] });

      await postgres.sql("postgres", "ALTER SYSTEM SET log_min_messages = 'error'");
      const line = before.split("\n").length;
      const report = await reload("work_mem = nonsense\nmax_connections = 41\nlog_min_messages = 'info'\n");
      assert.deepEqual(report, {
        rejected: [{ name: "work_mem", file: "postgresql.conf", line, reason: "setting could not be applied" }],
        pendingRestart: ["max_connections"],
        overruled: ["log_min_messages"],
      });

      const syntax = await reload("port 1 2 3\n");
      assert.deepEqual(syntax?.rejected, [{ name: null, file: "postgresql.conf", line, reason: "syntax error" }]);
    });
  });
}

function rowsOf<T>(rows: readonly T[]): readonly [T] {
  const [row] = rows;
  assert.ok(row !== undefined);
  return [row];
}
