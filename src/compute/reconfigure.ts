import { isDeepStrictEqual } from "node:util";
import { atLeastOne } from "../catalog/concurrency.ts";
import { adaptToStock } from "../conf/stock.ts";
import type { DerivedSpec, Problem } from "../spec/types.ts";
import { appliesCatalog, applyCatalog, hasSizeLimit, withoutSizeLimit } from "./apply-catalog.ts";
import type { ComputePorts, ComputeSettings, PostgresProcess } from "./ports.ts";
import { writePostgresConf } from "./postgres-conf.ts";
import { adapt } from "./start.ts";

/**
 * Applies a new spec to a running compute, without a restart of Postgres (LIFE-26, CONF-44). The reload comes first: a
 * pageserver that has moved must be in force before the first statement.
 * @param held whether subscribers are off since the start. They stay so until this or a later apply has dropped what they
 *   subscribe to (T17); once on, they are never switched off again (CONF-T9)
 * @param onWritten told once Postgres's settings are not those of the spec before any more
 * @returns whether they still are
 */
export async function reconfigureCompute(
  ports: ComputePorts,
  settings: ComputeSettings,
  wanted: DerivedSpec,
  postgres: PostgresProcess,
  held: boolean,
  signal: AbortSignal,
  onWritten: () => void = () => {},
): Promise<boolean> {
  const spec = adapt(ports, wanted);
  await ports.services.configure(spec, signal);
  const stillHeld = held && spec.spec.dropSubscriptionsBeforeStart;
  const changed = await writePostgresConf(ports, settings, spec, stillHeld ? "held" : "free", signal, "check");
  if (changed) onWritten();
  const lifts = appliesCatalog(spec) && hasSizeLimit(ports);
  if (lifts) await ports.pgdata.writeOverride(withoutSizeLimit);
  if (changed || lifts) await postgres.reload(signal);
  if (appliesCatalog(spec)) {
    await applyCatalog(ports, spec, postgres, atLeastOne(spec.spec.reconfigureConcurrency), signal);
    if (stillHeld && (await writePostgresConf(ports, settings, spec, "free", signal))) await postgres.reload(signal);
  }
  ports.log.info(`finished reconfiguration of compute node for operation ${wanted.spec.operationUuid ?? "unknown"}`);
  return stillHeld && !appliesCatalog(spec);
}

/** Has Postgres go by the settings of a spec that was in force before (FIELD-10). Does nothing when it does already. */
export async function restoreSettings(
  ports: ComputePorts,
  settings: ComputeSettings,
  before: DerivedSpec,
  postgres: PostgresProcess,
  held: boolean,
  signal: AbortSignal,
): Promise<void> {
  // It was told of what stock Postgres lacks when it came into force.
  const { spec } = adaptToStock(before, ports.server);
  if (!(await writePostgresConf(ports, settings, spec, held ? "held" : "free", signal))) return;
  await postgres.reload(signal);
  ports.log.info("the settings of the spec before are in force again");
}

/** Whether two specs want the same, whoever asked for it in which operation (FIELD-10). */
export function wantsTheSame(a: DerivedSpec, b: DerivedSpec): boolean {
  const anonymous = (derived: DerivedSpec): DerivedSpec => ({
    ...derived,
    spec: { ...derived.spec, operationUuid: null },
  });
  return isDeepStrictEqual(anonymous(a), anonymous(b));
}

/** Why a running compute cannot take a spec over: what it is cannot change while it runs (FIELD-10). */
export function fixedPartProblems(current: DerivedSpec, wanted: DerivedSpec): readonly Problem[] {
  const problems: Problem[] = [];
  const refuse = (path: string, what: string, hint: string): void => {
    problems.push({ path, message: `${what} of a running compute cannot change`, hint });
  };
  if (current.tenantId !== wanted.tenantId) refuse("spec.tenant_id", "the tenant", "start another compute for it");
  if (current.timelineId !== wanted.timelineId)
    refuse("spec.timeline_id", "the timeline", "start another compute for it");
  if (!isDeepStrictEqual(current.spec.mode, wanted.spec.mode)) {
    refuse("spec.mode", "the mode", "use /promote, or start another compute");
  }
  return problems;
}
