import type { Owner } from "../../base/owner.ts";
import { wantCatalog } from "../../catalog/wanted.ts";
import { unsupportedParts } from "../../compute/unsupported.ts";
import { activeTls } from "../../conf/active-tls.ts";
import { effectiveSettings, maskedLine, maskedMessage, maskedValue } from "../../conf/effective-settings.ts";
import { portMismatch } from "../../conf/port.ts";
import { type ConfInput, renderPostgresqlConf } from "../../conf/postgresql-conf.ts";
import { configuredLibraries, libraryName, splitLibraries } from "../../conf/preload-libraries.ts";
import { AuditLibraryError, adaptToStock } from "../../conf/stock.ts";
import { childEnvironment } from "../../postgres/command.ts";
import { parseConf } from "../../postgres/do/parse-conf.ts";
import type { PostgresInstallation } from "../../postgres/installation.ts";
import { unknownFeatures } from "../../spec/features.ts";
import { deriveFirstSpec } from "../../spec/first-spec.ts";
import type { Config, DerivedSpec, Problem } from "../../spec/types.ts";
import { inspectTls } from "./inspect-tls.ts";
import { type CheckReport, computeFacts, type RejectedLine } from "./report.ts";

/** What a config is checked for: a compute, and the machine that it is to run on. */
export interface CheckTarget extends Pick<ConfInput, "privilegedRoleName" | "internalHttpPort" | "platform"> {
  /** Null when it is not known. */
  readonly connstrPort: number | null;
  readonly lakebase: boolean;
  /** Judges as the original does (FIELD-1). */
  readonly strict?: boolean;
  readonly overcommitMemory: string | null;
  /** The Postgres that is asked, null for none, which stands for Neon's own; and the user to run it as. */
  readonly installation: PostgresInstallation | null;
  readonly osUser: Owner | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A report, and the file that it is about; null where there is none. */
export interface Checked {
  readonly report: CheckReport;
  /** The exact text, with its secrets. */
  readonly conf: string | null;
}

/**
 * Checks a decoded config as far as that can be done without a start: what follows from it, its catalog, its files, and
 * what Postgres says to its settings.
 * @param source how the config is called in the report
 */
export async function checkConfig(
  source: string,
  config: Config,
  target: CheckTarget,
  signal: AbortSignal,
): Promise<Checked> {
  const keys = config.computeCtlConfig.jwks.length;
  const keyWarnings = keys === 0 ? ["jwks has no keys: every route that needs a token will answer 401"] : [];
  if (config.spec === null) {
    const warnings = [...keyWarnings, "there is no spec: the compute will wait for a POST /configure"];
    return { report: { ...nothing, source, good: true, warnings }, conf: null };
  }
  const derived = deriveFirstSpec(config);
  if (!derived.ok) return refused(source, derived.refusal.problems);
  if (derived.value === null) {
    const warnings = [...keyWarnings, ...derived.warnings];
    return { report: { ...nothing, source, good: true, warnings }, conf: null };
  }
  const adapted = adapt(derived.value, target);
  if (!adapted.ok) return refused(source, [adapted.problem]);

  const { spec } = adapted;
  const tls = activeTls(spec.spec, config.computeCtlConfig.tls);
  const { text, warnings: confWarnings } = renderPostgresqlConf({
    ...target,
    spec,
    tls,
    lakebase: target.lakebase ? { port: target.connstrPort ?? 0 } : null,
  });
  const catalog = wantCatalog(spec, { ...target, appliedOperationUuid: null });
  const files = tls === null ? { problems: [], warnings: [] } : await inspectTls(tls);
  const problems: readonly Problem[] = [
    ...(catalog.ok || spec.spec.skipPgCatalogUpdates ? [] : catalog.problems),
    ...files.problems.map((message) => ({ path: "compute_ctl_config.tls", message })),
    ...missingLibraries(spec, target),
  ];
  const mismatch =
    target.connstrPort === null || target.lakebase ? undefined : portMismatch(spec.spec.cluster, target.connstrPort);
  const opinion = await askPostgres(text, target, signal);
  const rejected = opinion?.rejected ?? [];
  const report: CheckReport = {
    source,
    good: problems.length === 0 && rejected.length === 0,
    problems,
    warnings: [
      ...keyWarnings,
      ...unknownFeatures(spec.spec).map((name) => `the feature ${name} is unknown and ignored`),
      ...derived.warnings,
      ...adapted.warnings,
      ...confWarnings,
      ...files.warnings,
      ...(mismatch === undefined ? [] : [mismatch]),
      ...(config.computeCtlConfig.tls !== null && tls === null
        ? ["compute_ctl_config.tls has no effect: the spec's features lack tls_experimental"]
        : []),
      ...unsupportedParts(spec.spec),
    ],
    compute: computeFacts(derived.value, tls, keys),
    postgresqlConf: text.replace(/\n$/, "").split("\n").map(maskedLine),
    settings: effectiveSettings(text).map((setting) => ({
      ...setting,
      value: maskedValue(setting.name, setting.value),
      postgres: maskedReading(setting.name, opinion?.values.get(setting.name)),
    })),
    postgres: opinion === null ? null : { version: opinion.version, rejected },
  };
  return { report, conf: text };
}

const nothing = { problems: [], compute: [], postgresqlConf: null, settings: [], postgres: null };

/** The report about a config that never gets as far as Postgres. */
export function refused(source: string, problems: readonly Problem[]): Checked {
  return { report: { ...nothing, source, good: false, problems, warnings: [] }, conf: null };
}

type Adapted =
  | { readonly ok: true; readonly spec: DerivedSpec; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problem: Problem };

function adapt(spec: DerivedSpec, { installation }: CheckTarget): Adapted {
  if (installation === null) return { ok: true, spec, warnings: [] };
  try {
    return { ok: true, ...adaptToStock(spec, installation) };
  } catch (error) {
    if (!(error instanceof AuditLibraryError)) throw error;
    return { ok: false, problem: { path: "spec.audit_log_level", message: error.message } };
  }
}

/** Postgres refuses to start without a library of its list, which parsing alone does not show (CONF-23). */
function missingLibraries({ spec }: DerivedSpec, { installation }: CheckTarget): readonly Problem[] {
  if (installation === null) return [];
  return splitLibraries(configuredLibraries(spec.cluster) ?? "")
    .map(libraryName)
    .filter((name) => !name.includes("/") && !installation.hasLibrary(name))
    .map((name) => ({
      path: "spec.cluster.settings",
      message: `shared_preload_libraries names ${name}, which this Postgres does not have: it would not start`,
    }));
}

interface Opinion {
  readonly version: string;
  readonly rejected: readonly RejectedLine[];
  readonly values: ReadonlyMap<string, string>;
}

async function askPostgres(text: string, target: CheckTarget, signal: AbortSignal): Promise<Opinion | null> {
  const { installation, osUser, environment } = target;
  if (installation === null) return null;
  const settings = effectiveSettings(text);
  const { problems, values } = await parseConf({
    pgbin: installation.pgbin,
    owner: osUser,
    env: childEnvironment({ environment, home: null }),
    text,
    names: settings.map(({ name }) => name),
    lineOf: (name) => settings.find((setting) => setting.name.toLowerCase() === name.toLowerCase())?.line ?? null,
    signal,
  });
  const lines = text.split("\n");
  const rejected = problems.map((problem) => {
    const { setting, line, message } = problem;
    return { ...problem, message: maskedMessage(setting, lines[(line ?? 0) - 1], message) };
  });
  return { version: installation.version, rejected, values };
}

function maskedReading(name: string, value: string | undefined): string | null {
  return value === undefined ? null : maskedValue(name, value);
}
