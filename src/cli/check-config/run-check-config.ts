import { readFile } from "node:fs/promises";
import { describeError } from "../../base/error-chain.ts";
import { parseConnstr } from "../../postgres/connstr.ts";
import { locatePostgres } from "../../postgres/do/installation.ts";
import { chooseOsUser } from "../../postgres/do/os-user.ts";
import type { PostgresInstallation } from "../../postgres/installation.ts";
import type { OsUser } from "../../postgres/os-user.ts";
import { loadPayloadFile } from "../../spec/do/config-source.ts";
import { exitCodes } from "../exit-codes.ts";
import { commandUsageText } from "../usage.ts";
import { type Checked, type CheckTarget, checkConfig, refused } from "./check-config.ts";
import { type CheckConfigOptions, checkConfigOptionTable, readCheckConfigOptions } from "./options.ts";
import { renderReport } from "./render-report.ts";
import { reportAsJson } from "./report-as-json.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Runs `compute_ctl check-config`: says whether a compute can be started with a config and how it would be configured,
 * without starting anything (chapter 04 §14.12).
 * @returns 0 when the config is good, also with warnings, else 1
 * @throws UsageError for a command line that cannot be used
 */
export async function runCheckConfig(argv: readonly string[], environment: Environment): Promise<number> {
  const options = readCheckConfigOptions(argv, environment["POSTGRES_PATH"]);
  if (options.kind === "help") {
    process.stdout.write(commandUsageText("check-config", checkConfigOptionTable));
    return 0;
  }
  if (options.kind === "schema") {
    const { renderConfigJsonSchema } = await import("../../spec/json-schema.ts");
    process.stdout.write(renderConfigJsonSchema());
    return 0;
  }
  try {
    const checked = await check(options, environment);
    return print(checked, options.output);
  } catch (error) {
    process.stderr.write(`Error: ${describeError(error)}\n`);
    return exitCodes.failure;
  }
}

function print({ report, conf }: Checked, output: CheckConfigOptions["output"]): number {
  const code = report.good ? 0 : exitCodes.failure;
  if (output === "json") process.stdout.write(`${JSON.stringify(reportAsJson(report), null, 2)}\n`);
  else if (output === "text") process.stdout.write(renderReport(report));
  else {
    process.stdout.write(conf ?? "");
    // The file goes to stdout alone; what is wrong with it is told besides.
    if (!report.good)
      process.stderr.write(renderReport({ ...report, compute: [], postgresqlConf: null, settings: [] }));
  }
  return code;
}

async function check(options: CheckConfigOptions, environment: Environment): Promise<Checked> {
  const decoded = await loadPayloadFile(options.config, options);
  if (!decoded.ok) return refused(options.config, decoded.refusal.problems);
  // Nothing but a signal to the process ends the check; each of its steps has a limit of its own.
  const { signal } = new AbortController();
  const { postgres, warning } = await findPostgres(options, environment, signal);
  const target: CheckTarget = {
    privilegedRoleName: options.privilegedRoleName,
    internalHttpPort: options.internalHttpPort,
    platform: process.platform === "darwin" ? "darwin" : "linux",
    overcommitMemory: await readFile("/proc/sys/vm/overcommit_memory", "utf8").catch(() => null),
    lakebase: options.lakebase,
    connstrPort: readConnstrPort(options.connstr),
    installation: postgres?.installation ?? null,
    osUser: postgres?.osUser ?? null,
    environment,
    strict: options.strict,
  };
  const checked = await checkConfig(options.config, decoded.value, target, signal);
  const warnings = [...(warning === null ? [] : [warning]), ...decoded.warnings];
  return { ...checked, report: { ...checked.report, warnings: [...warnings, ...checked.report.warnings] } };
}

function readConnstrPort(connstr: string | null): number | null {
  if (connstr === null) return null;
  const parsed = parseConnstr(connstr);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value.port;
}

interface Found {
  readonly postgres: { readonly installation: PostgresInstallation; readonly osUser: OsUser | null } | null;
  readonly warning: string | null;
}

/** A Postgres that nobody named may be missing: a config can be checked on a machine that runs no compute. */
async function findPostgres(
  { pgbin, postgresUser }: CheckConfigOptions,
  environment: Environment,
  signal: AbortSignal,
): Promise<Found> {
  if (pgbin === null) return { postgres: null, warning: null };
  try {
    const installation = await locatePostgres({ pgbin: pgbin.path, path: environment["PATH"] }, signal);
    const osUser = await chooseOsUser({ asRoot: process.getuid?.() === 0, wanted: postgresUser });
    return { postgres: { installation, osUser }, warning: null };
  } catch (error) {
    if (pgbin.asked) throw error;
    return { postgres: null, warning: `Postgres was not asked: ${describeError(error)}` };
  }
}
