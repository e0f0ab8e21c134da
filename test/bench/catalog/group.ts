import type { BenchGroup } from "../measures.ts";
import { measureDatabases, measureRoles } from "./runs.ts";

/** What an apply of large catalogs takes, against the bare statements on one connection. */
export const catalogGroup: BenchGroup = {
  name: "catalog",
  about: "applies of thousands of roles and hundreds of databases, against bare statements",
  // A round takes a minute and more.
  roundsMax: 3,
  floorTitles: {
    bareRolesMs: "bare `CREATE ROLE`, one connection",
    bareDatabasesMs: "bare `CREATE DATABASE`, one connection",
    fewDatabasesPeakKib: "10 roles + 20 databases",
  },
  rows: [
    { title: "first apply, 5,000 SCRAM roles + 50 databases", measure: "rolesMs", floor: "bareRolesMs" },
    { title: "the same with `--write-passwords-directly`", measure: "directRolesMs", floor: "bareRolesMs" },
    { title: "the same again, by another process, which visits them all", measure: "rolesUnchangedMs" },
    { title: "the same again, by the same process", measure: "rolesKnownMs" },
    { title: "first apply, 10 roles + 200 databases", measure: "databasesMs", floor: "bareDatabasesMs" },
    { title: "the same again, by another process, which visits them all", measure: "databasesUnchangedMs" },
    { title: "the same again, by the same process", measure: "databasesKnownMs" },
    { title: "longest gap in the event loop, 5,000 roles", measure: "rolesLoopGapMs" },
    { title: "– with `--write-passwords-directly`", measure: "directRolesLoopGapMs" },
    { title: "– 200 databases", measure: "databasesLoopGapMs" },
    { title: "peak memory, 10 roles + 200 databases", measure: "databasesPeakKib", floor: "fewDatabasesPeakKib" },
  ],
  async measureRound(world) {
    const roles = await measureRoles(world);
    const databases = await measureDatabases(world);
    return { ...roles, ...databases };
  },
};
