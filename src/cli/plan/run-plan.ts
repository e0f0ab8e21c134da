import { readFile, writeFile } from "node:fs/promises";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { startConcurrency } from "../../catalog/concurrency.ts";
import { type PlanInput, planFromSaved, readCatalog } from "../../catalog/do/plan-catalog.ts";
import { decodeSavedCatalog, encodeSavedCatalog, type SavedCatalog } from "../../catalog/saved-catalog.ts";
import { renderPlanText } from "../../catalog/view.ts";
import { parseConnstr } from "../../postgres/connstr.ts";
import { createOpenSession } from "../../postgres/do/session.ts";
import { deriveSpec } from "../../spec/derive.ts";
import { describeRefusal } from "../../spec/describe-refusal.ts";
import { loadPayloadFile } from "../../spec/do/config-source.ts";
import type { DerivedSpec } from "../../spec/types.ts";
import { exitCodes } from "../exit-codes.ts";
import { commandUsageText } from "../usage.ts";
import { type PlanOptions, planOptionTable, readPlanOptions } from "./options.ts";

/** The exit code that says that an apply would change something; 0 says that it would not. */
const wouldChange = 10;
const connectLimitMs = 10_000;

/**
 * Runs `compute_ctl plan`: prints what an apply of a config would do to a catalog, and why, without doing it.
 * @returns 0 when nothing would change, 10 when something would, 1 when that cannot be told
 * @throws UsageError for a command line that cannot be used
 */
export async function runPlan(argv: readonly string[]): Promise<number> {
  const options = readPlanOptions(argv);
  if (options === null) {
    process.stdout.write(commandUsageText("plan", planOptionTable));
    return 0;
  }
  try {
    const view = planFromSaved(...(await gather(options)));
    process.stdout.write(options.json ? `${JSON.stringify(view, null, 2)}\n` : renderPlanText(view));
    return view.changes ? wouldChange : 0;
  } catch (error) {
    process.stderr.write(`Error: ${describeError(error)}\n`);
    return exitCodes.failure;
  }
}

async function gather(options: PlanOptions): Promise<[PlanInput, SavedCatalog]> {
  const spec = await loadSpec(options);
  const { settings, postgresqlConf } = spec.spec.cluster;
  const concurrency = startConcurrency(settings, postgresqlConf);
  const { privilegedRoleName, lakebase, catalog } = options;
  const input = { spec, privilegedRoleName, lakebase, concurrency, strict: options.strict };
  if (catalog.kind === "saved") return [input, decodeSavedCatalog(await readFile(catalog.path, "utf8"))];
  const connstr = parseConnstr(catalog.connstr);
  if (!connstr.ok) throw new Error(connstr.message);
  const openSession = createOpenSession(connstr.value, { connectLimitMs });
  // Nothing but a signal to the process ends the reading; its statements have limits of their own.
  const saved = await readCatalog(input, { openSession, log: warnings, signal: new AbortController().signal });
  if (catalog.saveTo !== null) await writeFile(catalog.saveTo, encodeSavedCatalog(saved), { mode: 0o600 });
  return [input, saved];
}

async function loadSpec({ config: path, strict }: PlanOptions): Promise<DerivedSpec> {
  const config = await loadPayloadFile(path, { strict });
  if (!config.ok) throw new Error(describeRefusal(config.refusal, path));
  for (const warning of config.warnings) complain(`warning: ${warning}`);
  if (config.value.spec === null) throw new Error(`${path} has no spec to plan for`);
  const derived = deriveSpec(config.value.spec);
  if (!derived.ok) throw new Error(describeRefusal(derived.refusal, path));
  return derived.value;
}

const complain = (message: string): void => void process.stderr.write(`${message}\n`);
const warnings: Log = { debug() {}, info() {}, warn: complain, error: complain, span: () => warnings };
