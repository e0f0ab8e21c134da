import { checkedRoleName, type GivenOptions, readArguments, text, UsageError } from "../arguments.ts";
import type { OptionRow } from "../option-table.ts";

/** The options of `compute_ctl check-config`. */
export const checkConfigOptionTable = [
  { name: "config", short: "c", value: "FILE", help: "the config, or bare spec, to check" },
  {
    name: "pgbin",
    short: "b",
    value: "FILE",
    env: "POSTGRES_PATH",
    default: "postgres",
    help: "the postgres binary that is to parse the configuration; nothing is started",
  },
  { name: "no-postgres", help: "leave Postgres's own opinion out; the file is then that for Neon's build" },
  {
    name: "postgres-user",
    value: "USER",
    default: "postgres",
    help: "whom to run it as when this program runs as root",
  },
  {
    name: "connstr",
    short: "C",
    value: "URL",
    help: "the connection string that the compute will be started with: its port must be that of the config",
  },
  { name: "privileged-role-name", value: "ROLE", default: "neon_superuser", help: "as for the compute itself" },
  { name: "internal-http-port", value: "PORT", default: "3081", help: "as for the compute itself" },
  { name: "lakebase-mode", help: "check for a lakebase deployment; needs --connstr" },
  {
    name: "print-config",
    help: "print the postgresql.conf alone, byte for byte as it would be written, with the secrets that it holds",
  },
  { name: "strict", help: "read the config as the original does, without repairs" },
  { name: "schema", help: "print the JSON Schema of a config, for editors and other checkers" },
  { name: "json", help: "print JSON for programs" },
  { name: "help", short: "h", help: "print this text and exit" },
] as const satisfies readonly Omit<OptionRow, "group">[];

/** What is to be checked, and for which compute. */
export interface CheckConfigOptions {
  readonly kind: "check";
  readonly config: string;
  readonly output: "text" | "json" | "conf";
  /** Null to leave Postgres out. */
  readonly pgbin: { readonly path: string; readonly asked: boolean } | null;
  readonly postgresUser: string;
  readonly connstr: string | null;
  readonly privilegedRoleName: string;
  readonly internalHttpPort: number;
  readonly lakebase: boolean;
  readonly strict: boolean;
}

type Given = GivenOptions<(typeof checkConfigOptionTable)[number]["name"]>;

/**
 * Reads the command line of `compute_ctl check-config`.
 * @param pgbinDefault what the environment names
 * @throws UsageError
 */
export function readCheckConfigOptions(
  argv: readonly string[],
  pgbinDefault: string | undefined,
): CheckConfigOptions | { readonly kind: "help" } | { readonly kind: "schema" } {
  const given: Given = readArguments(argv, checkConfigOptionTable);
  if (given.has("help")) return { kind: "help" };
  if (given.has("schema")) return { kind: "schema" };
  const config = text(given, "config");
  if (config === undefined) throw new UsageError("the argument '--config <FILE>' is required");
  exclude(given, "no-postgres", "pgbin");
  exclude(given, "print-config", "json");
  const privilegedRoleName = checkedRoleName(text(given, "privileged-role-name") ?? "neon_superuser");
  const connstr = text(given, "connstr") ?? null;
  const lakebase = given.has("lakebase-mode");
  if (lakebase && connstr === null) throw new UsageError("the argument '--lakebase-mode' needs '--connstr <URL>'");
  const path = text(given, "pgbin") ?? pgbinDefault;
  return {
    kind: "check",
    config,
    output: given.has("print-config") ? "conf" : given.has("json") ? "json" : "text",
    pgbin: given.has("no-postgres") ? null : { path: path ?? "postgres", asked: path !== undefined },
    postgresUser: text(given, "postgres-user") ?? "postgres",
    connstr,
    privilegedRoleName,
    internalHttpPort: readPort(text(given, "internal-http-port") ?? "3081"),
    lakebase,
    strict: given.has("strict"),
  };
}

function readPort(digits: string): number {
  const port = Number(digits);
  if (/^\d{1,5}$/.test(digits) && port <= 65_535) return port;
  throw new UsageError(`invalid value '${digits}' for '--internal-http-port <PORT>'`);
}

function exclude(given: Given, one: Parameters<Given["has"]>[0], other: Parameters<Given["has"]>[0]): void {
  if (given.has(one) && given.has(other)) {
    throw new UsageError(`the argument '--${one}' cannot be used with '--${other}'`);
  }
}
