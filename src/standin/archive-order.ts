import type { PostgresMajor } from "./postgres-major.ts";

/** One member of the base backup: a directory, a text made here, or the cluster's own file of that name. */
export type ArchiveMember =
  | { readonly kind: "directory"; readonly name: string }
  | { readonly kind: "text"; readonly name: string; readonly text: string }
  | { readonly kind: "cluster-file"; readonly name: string };

/** The rules that a pageserver's archive comes with (CONF-61): everyone is trusted who comes from the machine itself. */
const hbaText = `# TYPE  DATABASE        USER            ADDRESS                 METHOD
local   all             all                                     trust
host    all             all             127.0.0.1/32            trust
host    all             all             ::1/128                 trust
local   replication     all                                     trust
host    replication     all             127.0.0.1/32            trust
host    replication     all             ::1/128                 trust
`;

/** The image is where its branch begins, so nothing came before it. */
const signalText = "PREV LSN: none";

const controlFile = "global/pg_control";

/** What a server makes anew at each start, what belongs to a running one, and what this archive writes itself. */
const leftOut = [
  /^(pg_dynshmem|pg_notify|pg_serial|pg_snapshots|pg_subtrans|pg_stat_tmp|pg_replslot)\//,
  /(^|\/)pg_internal\.init$/,
  /^postmaster\.(opts|pid)$/,
  /^(postgresql|postgresql\.auto|pg_hba|pg_ident)\.conf$/,
];

/** Parts of a cluster in the order in which they are sent; what matches none comes after them. */
const parts = [
  /^pg_xact\//,
  /^pg_multixact\/members\//,
  /^pg_multixact\/offsets\//,
  /^PG_VERSION$/,
  /^global\//,
  /^base\//,
];

/**
 * The members of a complete base backup of `files` (paths relative to the data directory) in a pageserver's order (chapter
 * 06 §5, BASE-50): configuration first, `pg_control` and the WAL last, so that a broken archive cannot be started from.
 */
export function archiveMembers(major: PostgresMajor, files: readonly string[]): readonly ArchiveMember[] {
  const wanted = files.filter((name) => !leftOut.some((pattern) => pattern.test(name))).sort();
  const wal = wanted.filter((name) => name.startsWith("pg_wal/"));
  const data = wanted.filter((name) => name !== controlFile && !name.startsWith("pg_wal/"));
  return [
    ...directories(major).map(directory),
    text("pg_hba.conf", hbaText),
    text("pg_ident.conf", ""),
    text("postgresql.auto.conf", ""),
    ...parts.flatMap((part) => withDatabaseDirectories(data.filter((name) => part.test(name)))),
    ...data.filter((name) => !parts.some((part) => part.test(name))).map(clusterFile),
    text("neon.signal", signalText),
    text("zenith.signal", signalText),
    ...[controlFile, ...wal].map(clusterFile),
  ];
}

/** `pg_wal` itself is only implied by what lies in it. */
function directories(major: PostgresMajor): readonly string[] {
  return [
    "global",
    "pg_wal/archive_status",
    ...(major >= 17 ? ["pg_wal/summaries"] : []),
    "pg_commit_ts",
    "pg_dynshmem",
    "pg_notify",
    "pg_serial",
    "pg_snapshots",
    "pg_subtrans",
    "pg_twophase",
    "pg_multixact",
    "pg_multixact/members",
    "pg_multixact/offsets",
    "base",
    "base/1",
    "pg_replslot",
    "pg_tblspc",
    "pg_stat",
    "pg_stat_tmp",
    "pg_xact",
    "pg_logical",
    "pg_logical/snapshots",
    "pg_logical/mappings",
  ];
}

/** Puts the directory of each database before its first file. */
function withDatabaseDirectories(names: readonly string[]): readonly ArchiveMember[] {
  const seen = new Set<string>();
  return names.flatMap((name) => {
    const database = /^base\/[^/]+(?=\/)/.exec(name)?.[0];
    if (database === undefined || seen.has(database)) return [clusterFile(name)];
    seen.add(database);
    return [directory(database), clusterFile(name)];
  });
}

function directory(name: string): ArchiveMember {
  return { kind: "directory", name };
}

function text(name: string, content: string): ArchiveMember {
  return { kind: "text", name, text: content };
}

function clusterFile(name: string): ArchiveMember {
  return { kind: "cluster-file", name };
}
