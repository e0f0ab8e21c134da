import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openFileCache } from "../../src/vm-monitor/do/file-cache.ts";
import { mib } from "../../src/vm-monitor/sizes.ts";
import { majors, startTemporaryPostgres, type TemporaryPostgres } from "./temporary-postgres.ts";

const never = new AbortController().signal;
/** Two settings of a stock Postgres that are like those of the file cache: in MB, and taken over by a reload. */
const alike = { limit: "min_wal_size", max: "max_wal_size" };

async function shown(postgres: TemporaryPostgres, setting: string): Promise<string | null | undefined> {
  const [row] = await postgres.sql("postgres", `SELECT current_setting('${setting}', true) AS value`);
  return row?.["value"];
}

for (const major of majors) {
  describe(`the file cache's statements on Postgres ${major}`, () => {
    it("VM-25, VM-27: set a size in MB that a reload brings into force, cut to the maximum, in postgresql.auto.conf", async (t) => {
      const postgres = await startTemporaryPostgres(t, major);
      const cache = await openFileCache(postgres.openSession, never, { settings: alike });
      assert.ok(cache !== undefined);
      t.after(() => cache.close());
      assert.equal(await cache.set(700 * mib + 5, never), 700 * mib);
      assert.equal(await cache.set(5000 * mib, never), 1024 * mib, "max_wal_size is 1 GB");
      // The reload reaches a session when it next looks: the one that asks here is new.
      while ((await shown(postgres, "min_wal_size")) !== "1GB") await new Promise(setImmediate);
      assert.equal(await cache.set(1024 * mib, never), 1024 * mib);
      const rows = await postgres.sql(
        "postgres",
        "SELECT setting FROM pg_file_settings WHERE name = 'min_wal_size' AND sourcefile LIKE '%auto.conf'",
      );
      assert.deepEqual(rows, [{ setting: "1024" }]);
    });

    it("VM-24: find no file cache in a stock Postgres, not even where the configuration has values for it", async (t) => {
      const postgres = await startTemporaryPostgres(t, major);
      assert.equal(await openFileCache(postgres.openSession, never), undefined);
      const session = await postgres.openSession({ purpose: "test" });
      t.after(() => session.close());
      await session.run("SET neon.file_cache_size_limit = '64MB'; SET neon.max_file_cache_size = '1GB'");
      const placeholders = { run: session.run, close: async () => {} };
      assert.equal(await openFileCache(async () => placeholders, never), undefined);
    });
  });
}
