import { atLeastOne } from "../catalog/concurrency.ts";
import type { DerivedSpec, Problem } from "../spec/types.ts";
import type { ComputePorts, ComputeSettings, PostgresProcess } from "./ports.ts";
import { writePostgresConf } from "./postgres-conf.ts";
import { adapt, appliesCatalog, applyCatalog, liftSizeLimit } from "./start.ts";

/** Applies a new spec to a running compute, without a restart of Postgres (LIFE-26, CONF-44). */
export async function reconfigureCompute(
  ports: ComputePorts,
  settings: ComputeSettings,
  wanted: DerivedSpec,
  postgres: PostgresProcess,
  signal: AbortSignal,
): Promise<void> {
  const spec = adapt(ports, wanted);
  // Subscriptions were dealt with at the start; a spec that still carries the wish must not stop the workers again (CONF-T9).
  await writePostgresConf(ports, settings, spec, "free", signal);
  postgres.reload();
  if (appliesCatalog(spec)) {
    await liftSizeLimit(ports, postgres);
    await applyCatalog(ports, spec, postgres, atLeastOne(spec.spec.reconfigureConcurrency), signal);
  }
  ports.log.info(`finished reconfiguration of compute node for operation ${wanted.spec.operationUuid ?? "unknown"}`);
}

/** Why a running compute cannot take a spec over: what it is cannot change while it runs (chapter 02, trap 14). */
export function fixedPartProblems(current: DerivedSpec, wanted: DerivedSpec): readonly Problem[] {
  const problems: Problem[] = [];
  const refuse = (path: string, what: string, hint: string): void => {
    problems.push({ path, message: `${what} of a running compute cannot change`, hint });
  };
  if (current.tenantId !== wanted.tenantId) refuse("spec.tenant_id", "the tenant", "start another compute for it");
  if (current.timelineId !== wanted.timelineId)
    refuse("spec.timeline_id", "the timeline", "start another compute for it");
  if (!sameMode(current, wanted)) refuse("spec.mode", "the mode", "use /promote, or start another compute");
  return problems;
}

function sameMode({ spec: { mode: a } }: DerivedSpec, { spec: { mode: b } }: DerivedSpec): boolean {
  if (a.kind === "static" && b.kind === "static") return a.lsn === b.lsn;
  return a.kind === b.kind;
}
