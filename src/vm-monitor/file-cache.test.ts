import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { neonSettings, readSizesSql, setLimitSql, sizesIn, wholeMib } from "./file-cache.ts";
import { mib } from "./sizes.ts";

describe("sizing the file cache (VM-25)", () => {
  it("VM-25: cuts a size to whole MiB, and to the maximum", () => {
    assert.equal(wholeMib(2997 * mib, 2048 * mib), 2048);
    assert.equal(wholeMib(2997 * mib, 10240 * mib), 2997);
    assert.equal(wholeMib(3 * mib - 1, 10240 * mib), 2);
    assert.equal(wholeMib(2997 * mib, 0), 0);
  });

  it("VM-25: sets a plain number, and reads through current_setting and pg_size_bytes", () => {
    assert.equal(setLimitSql(neonSettings, 2048), "ALTER SYSTEM SET neon.file_cache_size_limit = 2048");
    assert.match(readSizesSql(neonSettings), /pg_size_bytes\(pg_catalog.current_setting\(name\)\)/);
  });

  it("VM-25: knows a Postgres without a file cache by its not having the settings", () => {
    assert.deepEqual(sizesIn({ limit_bytes: "67108864", max_bytes: "0" }), { limitBytes: 67108864, maxBytes: 0 });
    assert.equal(sizesIn({ limit_bytes: null, max_bytes: null }), null);
    assert.equal(sizesIn({ limit_bytes: "1", max_bytes: null }), null);
    assert.equal(sizesIn(undefined), null);
  });
});
