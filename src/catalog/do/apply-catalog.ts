import { withScope } from "../../base/scope.ts";
import type { DerivedSpec } from "../../spec/types.ts";
import { WantedCatalogError } from "../catalog-error.ts";
import { atLeastOne } from "../concurrency.ts";
import { planCatalog } from "../plan.ts";
import type { CatalogSnapshot } from "../snapshot.ts";
import { wantCatalog } from "../wanted.ts";
import { type ApplyPorts, applyPlan, type PhaseReport } from "./apply-plan.ts";
import { openMaintenanceSession } from "./maintenance-session.ts";
import { namedFailure } from "./named-failure.ts";
import { readSnapshot } from "./read-snapshot.ts";

/** What an apply is to do. */
export interface ApplyInput {
  readonly spec: DerivedSpec;
  readonly privilegedRoleName: string;
  /** How many databases are worked on at the same time. */
  readonly concurrency: number;
  /** `neon` is in shared_preload_libraries: without its extension the apply fails instead of warning. */
  readonly neonRequired: boolean;
  /** `operation_uuid` of the spec that this process applied last; its deletions are not repeated (T4). */
  readonly appliedOperationUuid?: string | null;
}

/** What an apply did: the phases that had work, and what it left out. */
export interface ApplyReport {
  readonly phases: readonly PhaseReport[];
  readonly warnings: readonly string[];
}

/**
 * Brings the catalog of the running Postgres to what the spec wants (chapter 05 §4).
 * @throws WantedCatalogError before any connection, when the spec cannot be applied
 * @throws SqlError that names the failing step and object; nothing is undone, and applying again finishes the work
 */
export async function applyCatalog(input: ApplyInput, ports: ApplyPorts): Promise<ApplyReport> {
  const { log, signal, openSession } = ports;
  const { privilegedRoleName, appliedOperationUuid = null } = input;
  const result = wantCatalog(input.spec, { privilegedRoleName, appliedOperationUuid });
  if (!result.ok) throw new WantedCatalogError(result.problems);
  const concurrency = atLeastOne(input.concurrency);
  log.info(`Applying config with max ${concurrency} concurrency`);
  try {
    return await withScope(log, async (onExit) => {
      const session = await openMaintenanceSession(openSession, signal);
      onExit("close the apply's session", session.close);
      const snapshot = await readSnapshot(session, result.wanted).catch((error: unknown) => {
        throw namedFailure("could not read the catalog", error);
      });
      if (input.neonRequired) requireNeon(snapshot);
      const plan = planCatalog(result.wanted, snapshot);
      for (const warning of plan.warnings) log.warn(warning);
      const phases = await applyPlan(plan, session, concurrency, ports);
      return { phases, warnings: plan.warnings };
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

function requireNeon({ extensions }: CatalogSnapshot): void {
  if ((extensions.get("neon")?.availableVersion ?? null) !== null) return;
  throw new Error("neon is in shared_preload_libraries, but the server has no files of extension neon: install them");
}
