import type { PlanView } from "../catalog/view.ts";
import { adaptToStock } from "../conf/stock.ts";
import type { DerivedSpec } from "../spec/types.ts";
import { appliesCatalog } from "./apply-catalog.ts";
import type { ComputePorts } from "./ports.ts";

/** The spec as the start or a reconfiguration applied it: without what this server cannot do. That was warned of then. */
export function inForce({ server }: ComputePorts, applied: DerivedSpec): DerivedSpec {
  return adaptToStock(applied, server).spec;
}

/** What another apply of the spec in force would do; where none is ever made (APPLY-1), the answer says so. */
export async function planCatalog(ports: ComputePorts, applied: DerivedSpec, signal: AbortSignal): Promise<PlanView> {
  if (appliesCatalog(applied)) return ports.catalog.plan(inForce(ports, applied), signal);
  const { mode } = applied.spec;
  const why = mode.kind === "primary" ? "spec.skip_pg_catalog_updates is set" : `the compute is a ${mode.kind}`;
  return { changes: false, phases: [], warnings: [`the catalog of this compute is not applied: ${why}`] };
}
