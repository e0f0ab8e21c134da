/** The scripts of the program, in the order in which a start reads them. */
export const partNames = ["core", "start", "late"] as const;

/**
 * `core` is what leads to the first HTTP answer, `start` what leads from there to Postgres's process, `late` all else, read while
 * Postgres gets ready. Reading a script holds everything else up, so each is small and is read in a wait.
 */
export type PartName = (typeof partNames)[number];

/** What is loaded late by the sources, but always, and before the first answer. */
export const alwaysLoaded: readonly string[] = ["src/cli/run.ts", "src/spec/do/config-source.ts"];

/** What the sources load after the first answer and before there is a Postgres. */
export const startFiles: readonly string[] = [
  "src/conf/do/finish-pgdata.ts",
  "src/conf/do/prepare-pgdata.ts",
  "src/conf/do/write-files.ts",
  "src/metrics/do/process-figures.ts",
  "src/postgres/do/leftover-postmaster.ts",
  "src/postgres/do/postmaster.ts",
  "src/postgres/do/socket-locks.ts",
  "src/services/do/find-cgexec.ts",
  "src/storage/do/basebackup.ts",
  "src/storage/do/libpq-pageserver.ts",
  "src/storage/do/native-sync-at-start.ts",
  "src/storage/do/native-sync.ts",
  "src/storage/do/safekeeper-status.ts",
  "src/storage/do/unpack.ts",
];
