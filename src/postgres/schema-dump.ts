import type { Readable } from "node:stream";
import { type Connstr, sessionOptions } from "./connstr.ts";

/** What came of dumping the schema of a database (CAT-2). */
export type SchemaDump =
  /** It has begun. The stream fails when the dump does; whoever destroys it ends the dump. */
  | { readonly kind: "begun"; readonly sql: Readable }
  | { readonly kind: "no-such-database" }
  | { readonly kind: "failed"; readonly why: string };

/** How `pg_dump` is called. */
export interface DumpCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** How long it may try one address of the server, in seconds. */
const connectSecondsMax = "30";

/**
 * How to dump the schema of `database`. Its name is in the environment, because as an argument it could be taken for a
 * connection string. Of the inherited environment everything that libpq or the language of messages heeds is left out.
 * @param environment what a child inherits
 */
export function dumpCommand(
  bindir: string,
  connstr: Connstr,
  database: string,
  environment: Readonly<Record<string, string>>,
): DumpCommand {
  const { host, port, user, password } = connstr;
  const inherited = Object.entries(environment).filter(([name]) => !(name.startsWith("PG") || name === "LC_ALL"));
  return {
    command: `${bindir}/pg_dump`,
    // Without the last one it would ask a terminal for a missing password.
    args: ["--host", host, "--port", String(port), "--username", user, "--schema-only", "--no-password"],
    env: {
      ...Object.fromEntries(inherited),
      // What a customer set for the database must not keep us from reading it (APPLY-5).
      PGOPTIONS: sessionOptions(connstr),
      PGCONNECT_TIMEOUT: connectSecondsMax,
      // As all sessions with our own server (CLI-6).
      PGSSLMODE: "disable",
      PGGSSENCMODE: "disable",
      PGDATABASE: database,
      PGAPPNAME: "compute_ctl:dump_schema",
      LC_MESSAGES: "C",
      ...(password === null ? {} : { PGPASSWORD: password }),
    },
  };
}

/** Whether a database of this name can exist at all: libpq takes an empty one for the user's name, and none contains NUL. */
export function canBeDatabase(name: string): boolean {
  return name !== "" && !name.includes("\0");
}

/** Whether the server said that there is no such database; for each of its addresses it says so again (T-17). */
export function saysNoSuchDatabase(stderr: string): boolean {
  return /FATAL: {2}database ".*" does not exist/s.test(stderr);
}
