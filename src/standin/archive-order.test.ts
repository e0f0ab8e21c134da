import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { archiveMembers } from "./archive-order.ts";

const files = [
  "PG_VERSION",
  "base/5/1259",
  "base/5/pg_internal.init",
  "base/1/PG_VERSION",
  "base/1/1259",
  "global/1262",
  "global/pg_control",
  "global/pg_filenode.map",
  "pg_multixact/offsets/0000",
  "pg_subtrans/0000",
  "pg_wal/000000010000000000000001",
  "pg_xact/0000",
  "pg_stat/pgstat.stat",
  "pg_hba.conf",
  "postgresql.conf",
  "postmaster.opts",
];

function order(major: 15 | 17): readonly string[] {
  return archiveMembers(major, files).map((member) => (member.kind === "directory" ? `${member.name}/` : member.name));
}

describe("order of a base backup (chapter 06 §5)", () => {
  it("sends directories, configuration, data, signals, and last what makes it startable (BASE-50)", () => {
    const names = order(17);
    assert.deepEqual(names.slice(names.indexOf("pg_logical/mappings/") + 1), [
      "pg_hba.conf",
      "pg_ident.conf",
      "postgresql.auto.conf",
      "pg_xact/0000",
      "pg_multixact/offsets/0000",
      "PG_VERSION",
      "global/1262",
      "global/pg_filenode.map",
      "base/1/",
      "base/1/1259",
      "base/1/PG_VERSION",
      "base/5/",
      "base/5/1259",
      "pg_stat/pgstat.stat",
      "neon.signal",
      "zenith.signal",
      "global/pg_control",
      "pg_wal/000000010000000000000001",
    ]);
  });

  it("never sends a postgresql.conf, nor what a server makes anew", () => {
    for (const absent of ["postgresql.conf", "postmaster.opts", "base/5/pg_internal.init", "pg_subtrans/0000"]) {
      assert.ok(!order(17).includes(absent), absent);
    }
  });

  it("knows the WAL summaries of 17, and that 15 has none", () => {
    assert.deepEqual(order(17).slice(0, 3), ["global/", "pg_wal/archive_status/", "pg_wal/summaries/"]);
    assert.deepEqual(order(15).slice(0, 3), ["global/", "pg_wal/archive_status/", "pg_commit_ts/"]);
  });

  it("trusts the machine itself by six rules (CONF-61)", () => {
    const hba = archiveMembers(15, []).find(({ name }) => name === "pg_hba.conf");
    assert.ok(hba?.kind === "text");
    assert.equal(hba.text.match(/trust\n/g)?.length, 6);
    assert.ok(hba.text.endsWith("trust\n"));
  });
});
