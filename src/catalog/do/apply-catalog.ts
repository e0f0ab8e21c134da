import { describeError } from "../../base/error-chain.ts";
import { withScope } from "../../base/scope.ts";
import { type SqlSession, sqlState } from "../../base/sql.ts";
import type { DerivedSpec } from "../../spec/types.ts";
import { WantedCatalogError } from "../catalog-error.ts";
import { atLeastOne, databaseConnections } from "../concurrency.ts";
import { planCatalog } from "../plan.ts";
import type { CatalogSnapshot } from "../snapshot.ts";
import type { VerifiedDatabases } from "../verified.ts";
import { type WantedCatalog, wantCatalog } from "../wanted.ts";
import { type ApplyLimits, applyPlan, type PhaseReport } from "./apply-plan.ts";
import type { ApplyPorts } from "./apply-ports.ts";
import { namedFailure } from "./named-failure.ts";
import { openFirstSession } from "./open-first-session.ts";
import { readSnapshot } from "./read-snapshot.ts";
import { rememberCopies } from "./remember-copies.ts";

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
  /** Lakebase mode: the platform's roles, grants and objects as well. */
  readonly lakebase?: boolean;
  /** Reads roles' options as the original does (FIELD-9). */
  readonly strict?: boolean;
  /** How many sessions create roles; about as many as the server has cores. */
  readonly roleConnections?: number;
  /** Passwords are written to `pg_authid` in one go where that is possible, see docs/decisions/0012. */
  readonly writePasswordsDirectly?: boolean;
  /** What the applies of this process have found right; without it each database is visited. */
  readonly verified?: VerifiedDatabases;
}

const roleConnectionsDefault = 2;
const objectInUse = "55006";

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
  const { log, signal } = ports;
  const { privilegedRoleName, appliedOperationUuid = null, lakebase = false, strict = false } = input;
  const result = wantCatalog(input.spec, { privilegedRoleName, appliedOperationUuid, lakebase, strict });
  if (!result.ok) throw new WantedCatalogError(result.problems);
  const concurrency = atLeastOne(input.concurrency);
  log.info(`Applying config with max ${concurrency} concurrency`);
  try {
    return await withScope(log, async (onExit) => {
      const session = await openFirstSession(ports);
      onExit("close the apply's session", session.close);
      return await bringAbout(input, result.wanted, session, ports);
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/**
 * Reads, plans and applies. Copying the first of many databases fails while somebody is connected to it; then the rest is
 * planned anew, without copies.
 */
async function bringAbout(
  input: ApplyInput,
  wanted: WantedCatalog,
  session: SqlSession,
  ports: ApplyPorts,
  mayCopy = true,
): Promise<ApplyReport> {
  const { log } = ports;
  const snapshot = await readSnapshot(session, wanted).catch((error: unknown) => {
    throw namedFailure("could not read the catalog", error);
  });
  if (input.neonRequired) requireNeon(snapshot);
  const verified = input.verified ?? new Map();
  const plan = planCatalog(wanted, snapshot, verified, mayCopy);
  if (mayCopy) for (const warning of plan.warnings) log.warn(warning);
  const limits = applyLimits(input, snapshot, verified);
  try {
    const phases = await applyPlan(plan, session, limits, ports);
    await rememberCopies(plan.copies, session, wanted.privilegedRole, limits);
    return { phases, warnings: plan.warnings };
  } catch (error) {
    if (plan.copies.size === 0 || sqlState(error) !== objectInUse) throw error;
    log.warn(`making the other databases from the server's template: ${describeError(error)}`);
    return await bringAbout(input, wanted, session, ports, false);
  }
}

function applyLimits(input: ApplyInput, snapshot: CatalogSnapshot, verified: VerifiedDatabases): ApplyLimits {
  const { serverMajor, serverStarted, isSuperuser } = snapshot;
  const concurrency = atLeastOne(input.concurrency);
  return {
    concurrency,
    verified,
    serverStarted,
    roleConnections: input.roleConnections ?? roleConnectionsDefault,
    databaseConnections: Math.min(concurrency, databaseConnections(serverMajor)),
    passwords: input.writePasswordsDirectly === true && isSuperuser ? "catalog" : "statement",
  };
}

function requireNeon({ extensions }: CatalogSnapshot): void {
  if ((extensions.get("neon")?.availableVersion ?? null) !== null) return;
  throw new Error("neon is in shared_preload_libraries, but the server has no files of extension neon: install them");
}
