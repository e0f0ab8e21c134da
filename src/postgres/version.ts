import type { Parsed } from "./parsed.ts";

/** A version of Postgres, as in 17 and `17.10`, or 16 and `16beta2`. */
export interface PostgresVersion {
  readonly major: number;
  readonly version: string;
}

const majorMin = 14;
const majorMax = 18;

/** The version as one number, as in 170005 for 17.5; a version before its first release counts as minor 0 (SK-32). */
export function versionNumber({ major, version }: PostgresVersion): number {
  const minor = /^\d+\.(\d+)/.exec(version)?.[1] ?? "0";
  return major * 10_000 + Number(minor);
}

/** Reads what `postgres --version` or `pg_config --version` prints (CLI-5); only majors that this program can run are fine. */
export function parsePostgresVersion(text: string): Parsed<PostgresVersion> {
  const match = /^(?:\S+ )?\(?PostgreSQL\)? (?<version>(?<major>\d{1,3})[0-9a-z.]*)/.exec(text.trim());
  const { version, major: digits } = match?.groups ?? {};
  if (version === undefined || digits === undefined) {
    const [found = ""] = text.trim().slice(0, 80).split("\n");
    return { ok: false, message: `it says "${found}" where a version of PostgreSQL was expected` };
  }
  const major = Number(digits);
  if (major < majorMin || major > majorMax) {
    return { ok: false, message: `it is PostgreSQL ${version}; versions ${majorMin} to ${majorMax} can be run` };
  }
  return { ok: true, value: { major, version } };
}
