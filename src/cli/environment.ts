import { traceContext } from "../base/trace-context.ts";
import type { TraceContext } from "../base/tracer.ts";
import { type Failpoints, noFailpoints, parseFailpoints } from "./failpoints.ts";

/** The environment variables that this program reads (chapter 01 §1), read once; an empty text counts as unset where that is safe. */
export interface Environment {
  readonly path: string | undefined;
  readonly pgbin: string | undefined;
  readonly controlPlaneToken: string;
  /** Its mere presence, even empty, opens the external API (HTTP-23). */
  readonly instanceId: string | undefined;
  /** Present with any value, even empty, on a VM compute. */
  readonly autoscaling: boolean;
  /** Where audit records go: `host:port`, empty for nowhere; the one with TLS wins (SVC-30). */
  readonly auditEndpoint: string;
  readonly auditTlsEndpoint: string;
  /** Opens pgbouncer's admin console outside VMs; a secret. */
  readonly pgbouncerPassword: string | null;
  readonly buildTag: string;
  readonly logFilter: string | undefined;
  /** Stands in for `--log-format`. */
  readonly logFormat: string | undefined;
  /** Stands in for `--strict`. */
  readonly strict: boolean;
  /** Where a lakebase deployment wants its log files (LIFE-86). */
  readonly logDirectory: string | undefined;
  /** The parent of the start's span, from whoever started the process (LIFE-85). */
  readonly traceParent: TraceContext | undefined;
  /** How often a failed base backup is tried again (BASE-70). */
  readonly basebackupRetriesMax: number;
  readonly failpoints: Failpoints;
}

const basebackupRetriesDefault = 10;
/** What a "testing build" is to the original. */
const testingVariable = "COMPUTE_CTL_TESTING";

/**
 * Reads the environment. `warnings` name the variables that are set and have no effect, or whose value is unusable.
 * @throws UsageError for failpoints that cannot be read
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): {
  readonly environment: Environment;
  readonly warnings: readonly string[];
} {
  const { failpoints, warnings: failpointWarnings } = readFailpoints(env);
  const warnings = [...failpointWarnings];
  const retries = nonEmpty(env["NEON_COMPUTE_TESTING_BASEBACKUP_RETRIES"]);
  const retriesUsable = retries === undefined || (/^\d{1,5}$/.test(retries) && Number(retries) <= 65_535);
  if (!retriesUsable) {
    warnings.push("NEON_COMPUTE_TESTING_BASEBACKUP_RETRIES is not a number from 0 to 65535 and is ignored");
  }
  const environment: Environment = Object.freeze({
    path: env["PATH"],
    pgbin: nonEmpty(env["POSTGRES_PATH"]),
    controlPlaneToken: env["NEON_CONTROL_PLANE_TOKEN"] ?? "",
    instanceId: env["INSTANCE_ID"],
    autoscaling: env["AUTOSCALING"] !== undefined,
    auditEndpoint: env["AUDIT_LOGGING_ENDPOINT"] ?? "",
    auditTlsEndpoint: env["AUDIT_LOGGING_TLS_ENDPOINT"] ?? "",
    pgbouncerPassword: nonEmpty(env["PGBOUNCER_PASSWORD"]) ?? null,
    buildTag: nonEmpty(env["BUILD_TAG"]) ?? "latest",
    logFilter: nonEmpty(env["RUST_LOG"]),
    logFormat: nonEmpty(env["COMPUTE_CTL_LOG_FORMAT"]),
    strict: isOn(env["COMPUTE_CTL_STRICT"]),
    logDirectory: nonEmpty(env["COMPUTE_CTL_LOG_DIRECTORY"]),
    traceParent: traceContext(env["TRACEPARENT"] ?? "", env["TRACESTATE"] ?? ""),
    basebackupRetriesMax: retries !== undefined && retriesUsable ? Number(retries) : basebackupRetriesDefault,
    failpoints,
  });
  return { environment, warnings };
}

/** Whether a variable switches something on: any text does but an empty one, `0`, `false`, `no` and `off`. */
function isOn(text: string | undefined): boolean {
  return text !== undefined && !/^(?:0|false|no|off)?$/i.test(text);
}

/** They act only where {@link testingVariable} says that this is a test. */
function readFailpoints(env: Readonly<Record<string, string | undefined>>): {
  readonly failpoints: Failpoints;
  readonly warnings: readonly string[];
} {
  const text = nonEmpty(env["FAILPOINTS"]);
  if (text === undefined) return { failpoints: noFailpoints, warnings: [] };
  if (!isOn(env[testingVariable])) {
    return {
      failpoints: noFailpoints,
      warnings: [`FAILPOINTS is set, but has no effect: it acts in tests, which set ${testingVariable}`],
    };
  }
  const { failpoints, unknown } = parseFailpoints(text);
  return { failpoints, warnings: unknown.map((name) => `there is no failpoint ${name}: it is ignored`) };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
