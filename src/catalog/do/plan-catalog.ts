import type { DerivedSpec } from "../../spec/types.ts";
import { WantedCatalogError } from "../catalog-error.ts";
import { atLeastOne } from "../concurrency.ts";
import { type Plan, planCatalog } from "../plan.ts";
import type { SavedCatalog } from "../saved-catalog.ts";
import type { CatalogDatabase, CatalogSnapshot } from "../snapshot.ts";
import { databaseQuery, decodeDatabaseSnapshot, decodeSnapshot } from "../snapshot-query.ts";
import { type PlanView, viewPlan } from "../view.ts";
import { type WantedCatalog, wantCatalog } from "../wanted.ts";
import { inParallel } from "./in-parallel.ts";
import { namedFailure } from "./named-failure.ts";
import { readSnapshotRows } from "./read-snapshot.ts";
import { type ErrandPorts, withSession } from "./with-session.ts";

/** What is to be planned for. */
export interface PlanInput {
  readonly spec: DerivedSpec;
  readonly privilegedRoleName: string;
  /** How many databases are looked into at the same time. */
  readonly concurrency: number;
  /** As for an apply (T4). */
  readonly appliedOperationUuid?: string | null;
  readonly lakebase?: boolean;
  /** Reads roles' options as the original does (FIELD-9). */
  readonly strict?: boolean;
}

const purpose = "plan";

/**
 * What an apply of the spec would do to the running Postgres. Only reads.
 * @throws WantedCatalogError before any connection, when the spec cannot be applied
 * @throws SqlError when the catalog cannot be read
 */
export async function readPlan(input: PlanInput, ports: ErrandPorts): Promise<PlanView> {
  return planFromSaved(input, await readCatalog(input, ports));
}

/**
 * Reads all that a plan for this spec is made from; a plan for another spec may need more than that.
 * @throws as {@link readPlan}
 */
export async function readCatalog(input: PlanInput, ports: ErrandPorts): Promise<SavedCatalog> {
  const wanted = wantedFor(input);
  const rows = await withSession({ purpose }, ports, (session) => readSnapshotRows(session, wanted)).catch(
    (error: unknown) => {
      ports.signal.throwIfAborted();
      throw namedFailure("could not read the catalog", error);
    },
  );
  const snapshot = decodeSnapshot(rows);
  const visited = [...visitedDatabases(planCatalog(wanted, snapshot), snapshot)];
  const inside = await inParallel(visited, atLeastOne(input.concurrency), async ([oid, database]) => {
    try {
      const query = databaseQuery(wanted.privilegedRole);
      return [oid, await withSession({ purpose, database }, ports, (session) => session.run(query))] as const;
    } catch (error) {
      ports.signal.throwIfAborted();
      throw namedFailure(`could not look into database ${JSON.stringify(database)}`, error);
    }
  });
  return { snapshot: rows, inside: new Map(inside) };
}

/**
 * What an apply would do to a catalog that was read earlier.
 * @throws WantedCatalogError when the spec cannot be applied
 */
export function planFromSaved(input: PlanInput, saved: SavedCatalog): PlanView {
  const wanted = wantedFor(input);
  const snapshot = decodeSnapshot(saved.snapshot);
  const inside = new Map([...saved.inside].map(([oid, rows]) => [oid, decodeDatabaseSnapshot(rows)]));
  return viewPlan(planCatalog(wanted, snapshot), inside, snapshot.serverMajor);
}

function wantedFor({
  spec,
  privilegedRoleName,
  appliedOperationUuid = null,
  lakebase = false,
  strict = false,
}: PlanInput): WantedCatalog {
  const result = wantCatalog(spec, { privilegedRoleName, appliedOperationUuid, lakebase, strict });
  if (!result.ok) throw new WantedCatalogError(result.problems);
  return result.wanted;
}

/** The databases that an apply would look into, by OID, under the names that they have now. */
function visitedDatabases({ phases }: Plan, { databases }: CatalogSnapshot): ReadonlyMap<string, string> {
  const wished = new Set(
    phases
      .flatMap((phase) => (phase.where === "databases" ? phase.tasks : []))
      .flatMap(({ oid, publicSchema }) => (publicSchema === null ? [] : [oid])),
  );
  const visited = [...databases].filter(([, { oid }]: readonly [string, CatalogDatabase]) => wished.has(oid));
  return new Map(visited.map(([name, { oid }]) => [oid, name]));
}
