import { confValue } from "../base/quoting.ts";
import type { Cluster, ComputeSpec, DerivedSpec, GenericOption } from "../spec/types.ts";
import { auditLibraries } from "./audit-block.ts";
import { readAssignment } from "./conf-text.ts";
import { configuredLibraries, libraryName, preloadSetting, splitLibraries } from "./preload-libraries.ts";

/** What the installed Postgres is able to take. */
export interface ServerFacts {
  readonly major: number;
  /** Whether its library folder holds a library of this name, given without folder and suffix. */
  hasLibrary(name: string): boolean;
}

/** A compliance audit was asked for and the server lacks a library that it needs. */
export class AuditLibraryError extends Error {
  readonly code = "AUDIT_LIBRARY_MISSING";
  constructor(level: string, libraries: readonly string[]) {
    super(
      `audit level ${level} needs ${libraries.join(" and ")}, which this Postgres does not have; ` +
        "install it, or ask for another audit level",
    );
    this.name = "AuditLibraryError";
  }
}

/** The value that a setting keeps, null when the setting goes; and why. */
interface StockValue {
  readonly value: string | null;
  readonly warnings: readonly string[];
}

const neonOnly: ReadonlySet<string> = new Set([
  "max_replication_write_lag",
  "max_replication_flush_lag",
  "max_replication_apply_lag",
]);
const sinceMajor: ReadonlyMap<string, number> = new Map([
  ["io_combine_limit", 17],
  ["recovery_prefetch", 15],
]);

/**
 * The spec as a Postgres without the neon library can take it: what would keep that one from starting, or from ever
 * committing, is left out, with one warning each (chapter 04 §13). With the neon library, the spec comes back as it is.
 * @throws AuditLibraryError when a library of a compliance audit is missing: an audit is a promise
 */
export function adaptToStock(
  spec: DerivedSpec,
  server: ServerFacts,
): { readonly spec: DerivedSpec; readonly warnings: readonly string[] } {
  if (server.hasLibrary("neon")) return { spec, warnings: [] };
  const audit = stockAudit(spec.spec, server);
  const settings = stockSettings(spec.spec.cluster.settings, server);
  const conf = stockConf(spec.spec.cluster.postgresqlConf, server);
  const adapted = { ...spec.spec.cluster, settings: settings.kept, postgresqlConf: conf.kept };
  const cluster = audit.level === "disabled" ? adapted : withOwnList(adapted);
  const warnings = new Set([...audit.warnings, ...settings.warnings, ...conf.warnings]);
  return { spec: { ...spec, spec: { ...spec.spec, cluster, auditLogLevel: audit.level } }, warnings: [...warnings] };
}

function stockAudit(
  { auditLogLevel: level }: ComputeSpec,
  server: ServerFacts,
): { readonly level: ComputeSpec["auditLogLevel"]; readonly warnings: readonly string[] } {
  const missing = auditLibraries(level).filter((name) => !server.hasLibrary(name));
  if (missing.length === 0) return { level, warnings: [] };
  if (level !== "base") throw new AuditLibraryError(level, missing);
  return { level: "disabled", warnings: [`audit level base is off: this Postgres has no library ${missing.join()}`] };
}

function stockSettings(
  settings: readonly GenericOption[] | null,
  server: ServerFacts,
): { readonly kept: readonly GenericOption[] | null; readonly warnings: readonly string[] } {
  const judged = (settings ?? []).map((setting) => ({ setting, ...stockValue(setting.name, setting.value, server) }));
  const kept = judged.flatMap(({ setting, value }) => {
    if (value === setting.value) return [setting];
    return value === null ? [] : [{ ...setting, value, vartype: "string" }];
  });
  return { kept: settings === null ? null : kept, warnings: judged.flatMap(({ warnings }) => warnings) };
}

function stockConf(
  text: string | null,
  server: ServerFacts,
): { readonly kept: string | null; readonly warnings: readonly string[] } {
  const judged = (text ?? "").split("\n").map((line) => {
    const found = readAssignment(line);
    if (found === undefined) return { line, warnings: [] };
    const { value, warnings } = stockValue(found.name, found.value, server);
    if (value === found.value) return { line, warnings };
    return { line: value === null ? `# ${line}` : `${found.name} = ${confValue(value)}`, warnings };
  });
  const kept = judged.map(({ line }) => line).join("\n");
  return { kept: text === null ? null : kept, warnings: judged.flatMap(({ warnings }) => warnings) };
}

function stockValue(name: string, value: string | null, server: ServerFacts): StockValue {
  const setting = name.toLowerCase();
  if (neonOnly.has(setting)) return dropped(setting, "only Neon's own Postgres knows it");
  const since = sinceMajor.get(setting) ?? 0;
  if (server.major < since) return dropped(setting, `Postgres ${server.major} does not know it`);
  if (setting === "synchronous_standby_names" && /\bwalproposer\b/i.test(value ?? "")) {
    return dropped(setting, "without the neon library nobody confirms a commit as walproposer, so none would ever end");
  }
  return setting === preloadSetting && value !== null ? stockLibraries(value, server) : { value, warnings: [] };
}

function dropped(setting: string, why: string): StockValue {
  return { value: null, warnings: [`left the setting ${setting} out: ${why}`] };
}

function stockLibraries(list: string, server: ServerFacts): StockValue {
  const entries = splitLibraries(list);
  const missing = entries.map(libraryName).filter((name) => !server.hasLibrary(name));
  if (missing.length === 0) return { value: list, warnings: [] };
  return {
    value: entries.filter((entry) => !missing.includes(libraryName(entry))).join(","),
    warnings: missing.map((name) => `left ${name} out of ${preloadSetting}: this Postgres has no such library`),
  };
}

/** Without a list of its own, the cluster would get one with the neon library from the audit block (CONF-21). */
function withOwnList(cluster: Cluster): Cluster {
  if (configuredLibraries(cluster) !== undefined) return cluster;
  const none: GenericOption = { name: preloadSetting, value: "", vartype: "string" };
  return { ...cluster, settings: [...(cluster.settings ?? []), none] };
}
