import { parseTenantId, parseTimelineId, type TenantId, type TimelineId } from "../../base/ids.ts";
import { parseSafekeeperList } from "../../spec/safekeeper-list.ts";
import type { Safekeepers } from "../../spec/types.ts";
import { type GivenOptions, readArguments, text, UsageError } from "../arguments.ts";
import type { OptionRow } from "../option-table.ts";

/** The options of `compute_ctl sync-safekeepers`. */
export const syncOptionTable = [
  {
    name: "config",
    short: "c",
    value: "FILE",
    help: "the config, or bare spec, of a primary: its safekeepers, tenant, timeline, token and neon.safekeeper_* settings",
  },
  {
    name: "safekeepers",
    value: "LIST",
    help: "without --config: host:port,host:port,…, also with g#GENERATION: in front",
  },
  { name: "tenant-id", value: "HEX", help: "without --config: the tenant, 32 hex digits" },
  { name: "timeline-id", value: "HEX", help: "without --config: the timeline, 32 hex digits" },
  {
    name: "generation",
    value: "NUMBER",
    help: "without --config: the generation of the safekeepers' membership; 0 or nothing where there is none",
  },
  {
    name: "token-file",
    value: "FILE",
    env: "NEON_AUTH_TOKEN",
    help: "a file with the storage token; it beats the config's, which beats the variable",
  },
  {
    name: "pg-version",
    value: "VERSION",
    help: "the Postgres that will run, as in 17, 17.5 or 170005; asked of --pgbin when it is not given",
  },
  {
    name: "pgbin",
    short: "b",
    value: "PATH",
    env: "POSTGRES_PATH",
    default: "postgres",
    help: "the Postgres that will run; only its version is asked for",
  },
  { name: "protocol-version", value: "2|3", help: "of the conversation with safekeepers; 3, or what the config says" },
  {
    name: "conninfo-options",
    value: "TEXT",
    help: "libpq connection options, such as sslmode=require; it beats the config's neon.safekeeper_conninfo_options",
  },
  { name: "storage-ca", value: "FILE", help: "PEM file with the authorities that certificates are checked against" },
  { name: "timeout", value: "SECONDS", default: "60", help: "when to give up, with all tries" },
  { name: "json", help: "print JSON for programs" },
  { name: "help", short: "h", help: "print this text and exit" },
] as const satisfies readonly Omit<OptionRow, "group">[];

/** Which branch to sync. */
export type SyncTarget =
  | { readonly kind: "config"; readonly path: string }
  | {
      readonly kind: "flags";
      readonly tenantId: TenantId;
      readonly timelineId: TimelineId;
      readonly safekeepers: Safekeepers;
    };

/** What is to be synced, and how. */
export interface SyncOptions {
  readonly target: SyncTarget;
  readonly tokenFile: string | null;
  /** As in 170005; null when Postgres is to be asked. */
  readonly pgVersion: number | null;
  readonly pgbin: string;
  /** Null for the config's, as with the next. */
  readonly protocolVersion: 2 | 3 | null;
  readonly conninfoOptions: string | null;
  readonly storageCaFile: string | null;
  readonly timeoutMs: number;
  readonly json: boolean;
}

type OptionName = (typeof syncOptionTable)[number]["name"];
type Given = GivenOptions<OptionName>;

const secondsMax = 86_400;
const generationMax = 0xffff_ffff;
const targetFlags = ["safekeepers", "tenant-id", "timeline-id", "generation"] as const;

/**
 * Reads the command line of `compute_ctl sync-safekeepers`; null when it asks for help.
 * @param pgbin what the environment says, which the flag beats
 * @throws UsageError that names the argument
 */
export function readSyncOptions(argv: readonly string[], pgbin: string | undefined): SyncOptions | null {
  const given: Given = readArguments(argv, syncOptionTable);
  if (given.has("help")) return null;
  return {
    target: target(given),
    tokenFile: text(given, "token-file") ?? null,
    pgVersion: pgVersion(text(given, "pg-version")),
    pgbin: text(given, "pgbin") ?? pgbin ?? "postgres",
    protocolVersion: protocolVersion(text(given, "protocol-version")),
    conninfoOptions: text(given, "conninfo-options") ?? null,
    storageCaFile: text(given, "storage-ca") ?? null,
    timeoutMs: timeoutSeconds(text(given, "timeout") ?? "60") * 1000,
    json: given.has("json"),
  };
}

function target(given: Given): SyncTarget {
  const path = text(given, "config");
  if (path !== undefined) {
    const extra = targetFlags.find((name) => given.has(name));
    if (extra !== undefined) throw new UsageError(`the argument '--config' cannot be used with '--${extra}'`);
    return { kind: "config", path };
  }
  const [tenant, timeline] = [required(given, "tenant-id"), required(given, "timeline-id")];
  const [tenantId, timelineId] = [parseTenantId(tenant), parseTimelineId(timeline)];
  if (tenantId === undefined) throw wrong("tenant-id", tenant, "it is 32 hex digits");
  if (timelineId === undefined) throw wrong("timeline-id", timeline, "it is 32 hex digits");
  return { kind: "flags", tenantId, timelineId, safekeepers: safekeepers(given) };
}

/** SK-30; what stands in each entry is checked where it is used. */
function safekeepers(given: Given): Safekeepers {
  const listed = parseSafekeeperList(required(given, "safekeepers"));
  const digits = text(given, "generation");
  if (digits !== undefined && listed.generation !== null) {
    throw new UsageError("the argument '--generation' cannot be used with a list that begins with g#");
  }
  const generation =
    digits === undefined ? (listed.generation ?? 0) : Number(/^\d{1,10}$/.test(digits) ? digits : "-1");
  if (generation < 0 || generation > generationMax) {
    throw wrong("generation", digits ?? String(generation), `it is a number up to ${generationMax}`);
  }
  return { ...listed, generation };
}

function pgVersion(value: string | undefined): number | null {
  if (value === undefined) return null;
  const [, major = "", minor = "0"] = /^(\d\d)(?:\.(\d{1,2}))?$/.exec(value) ?? [];
  const version = major === "" ? Number(/^\d{6}$/.test(value) ? value : "0") : Number(major) * 10_000 + Number(minor);
  // Anything else breaks the acceptor (SK-32).
  if (version >= 140_000 && version < 190_000) return version;
  throw wrong("pg-version", value, "it is a version from 14 to 18, as in 17, 17.5 or 170005");
}

function protocolVersion(value: string | undefined): 2 | 3 | null {
  if (value === undefined) return null;
  if (value === "2" || value === "3") return value === "2" ? 2 : 3;
  throw wrong("protocol-version", value, "it is 2 or 3");
}

function timeoutSeconds(value: string): number {
  if (/^\d{1,5}(\.\d{1,3})?$/.test(value) && Number(value) > 0 && Number(value) <= secondsMax) return Number(value);
  throw wrong("timeout", value, `it is a number of seconds, at most ${secondsMax}`);
}

function required(given: Given, name: (typeof targetFlags)[number]): string {
  const value = text(given, name);
  if (value === undefined) throw new UsageError(`the argument '--${name}' is required, or '--config' in place of it`);
  return value;
}

function wrong(name: OptionName, value: string, hint: string): UsageError {
  return new UsageError(`invalid value '${value}' for '--${name}': ${hint}`);
}
