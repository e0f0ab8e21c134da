import type { TlsPaths } from "../spec/types.ts";
import { readIni } from "./ini.ts";
import { ServiceError } from "./service-error.ts";

/** The section of the ini file that the spec's settings belong to. */
export const pgbouncerSection = "pgbouncer";
const adminPortDefault = 6432;

/** How pgbouncer's admin console is reached (SVC-11). Holds a password: never print it whole (SVC-T1). */
export interface AdminConsole {
  /** A host name, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | null;
  readonly database: "pgbouncer";
}

/**
 * Where the admin console is: on a VM a Unix socket, without a password; elsewhere TCP on this machine. The port is the one that
 * the ini file names, as a pgbouncer that was moved can be reached nowhere else.
 */
export function adminConsole(facts: {
  readonly isVm: boolean;
  readonly socketFolder: string;
  readonly password: string | null;
  readonly ini: string | null;
}): AdminConsole {
  const written = facts.ini === null ? undefined : readIni(facts.ini, pgbouncerSection, "listen_port");
  const port = written !== undefined && /^\d{1,5}$/.test(written) ? Number(written) : adminPortDefault;
  return facts.isVm
    ? { host: facts.socketFolder, port, user: "pgbouncer", password: null, database: "pgbouncer" }
    : { host: "localhost", port, user: "postgres", password: facts.password, database: "pgbouncer" };
}

/**
 * What goes into the ini file (SVC-10): the spec's settings, above them those of TLS when it is active.
 * @throws ServiceError for a name or a value that would become something else in an ini file
 */
export function pgbouncerSettings(
  wanted: ReadonlyMap<string, string>,
  tls: TlsPaths | null,
): ReadonlyMap<string, string> {
  for (const [name, value] of wanted) {
    if (!/^[A-Za-z0-9_.-]+$/.test(name)) {
      throw new ServiceError(
        "pgbouncer",
        `spec.pgbouncer_settings has the name ${JSON.stringify(name)}, which pgbouncer cannot have`,
      );
    }
    if (/[\r\n\0]/.test(value)) {
      throw new ServiceError(
        "pgbouncer",
        `spec.pgbouncer_settings.${name} has a line break in its value; leave it out`,
      );
    }
  }
  if (tls === null) return wanted;
  return new Map([
    ...wanted,
    ["client_tls_cert_file", tls.certPath],
    ["client_tls_key_file", tls.keyPath],
    ["client_tls_sslmode", "allow"],
  ]);
}

/** What pgbouncer's `SHOW CONFIG` tells of one parameter. */
export interface ShownParameter {
  readonly value: string;
  /** What it is when nobody sets it. */
  readonly default: string;
  /** Whether a reload can change it. */
  readonly changeable: boolean;
}

/** What became of settings after a reload; names only. */
export interface Verdict {
  /** Written anew, and not taken though a reload could: one such line makes pgbouncer refuse the file as a whole. */
  readonly refused: readonly string[];
  /** In force only after a restart of pgbouncer. */
  readonly needRestart: readonly string[];
  /** Not taken for another reason, such as an included file that says otherwise. */
  readonly overruled: readonly string[];
}

/**
 * Judges by `SHOW CONFIG` what became of the settings, because pgbouncer answers RELOAD with success whatever happens.
 * @param written the settings whose text in the ini file is new
 */
export function judgeReload(
  settings: ReadonlyMap<string, string>,
  written: ReadonlySet<string>,
  before: ReadonlyMap<string, ShownParameter>,
  after: ReadonlyMap<string, ShownParameter>,
): Verdict {
  const refused: string[] = [];
  const needRestart: string[] = [];
  const overruled: string[] = [];
  for (const [name, wanted] of settings) {
    const shown = after.get(name);
    if (shown !== undefined && sameValue(shown.value, wanted)) continue;
    if (shown === undefined) refused.push(name);
    else if (!shown.changeable) needRestart.push(name);
    else if (written.has(name) && isFallback(shown, before.get(name))) refused.push(name);
    else overruled.push(name);
  }
  return { refused, needRestart, overruled };
}

/** From a line that it refuses on, pgbouncer has what it had, or its defaults. */
function isFallback(after: ShownParameter, before: ShownParameter | undefined): boolean {
  return after.value === after.default || after.value === before?.value;
}

function sameValue(shown: string, wanted: string): boolean {
  return plainValue(shown) === plainValue(wanted);
}

/** Numbers and booleans have several spellings. */
function plainValue(text: string): string {
  const trimmed = text.trim().toLowerCase();
  if (/^(?:on|yes|true)$/.test(trimmed)) return "1";
  if (/^(?:off|no|false)$/.test(trimmed)) return "0";
  return /^\d+(?:\.\d+)?$/.test(trimmed) ? String(Number(trimmed)) : trimmed;
}
