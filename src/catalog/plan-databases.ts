import type { Delta } from "./delta.ts";
import type { PlanContext } from "./plan-context.ts";
import type { SystemStep } from "./step.ts";
import type { WantedDatabase } from "./wanted.ts";

/** Opens databases that are to be deleted but hold subscriptions, which can only be dropped from inside (T19). */
export function* planOpenings({ wanted, catalog }: PlanContext): Iterable<SystemStep> {
  for (const delta of wanted.deltas) {
    if (delta.kind !== "delete-database") continue;
    const found = catalog.databases.get(delta.name);
    if (found === undefined || found.invalid || found.allowsConnections || !found.hasSubscriptions) continue;
    yield { kind: "allow-connections", name: delta.name, why: "its subscriptions must be dropped before it is" };
  }
}

/** What interrupted drops left behind (APPLY-31). */
export function* planInvalidDrops({ catalog }: PlanContext): Iterable<SystemStep> {
  for (const [name, database] of [...catalog.databases]) {
    if (database.invalid)
      yield { kind: "drop-database", name, force: false, why: "an interrupted drop left it invalid" };
  }
}

/** Deletions and renames in spec order (APPLY-28, APPLY-29). */
export function* planDatabaseDeltas({ wanted, catalog, warn }: PlanContext): Iterable<SystemStep> {
  for (const [index, delta] of wanted.deltas.entries()) {
    const found = catalog.databases.get(delta.name);
    if (found === undefined) continue;
    if (delta.kind === "rename-database") {
      yield { kind: "rename-database", name: delta.name, newName: delta.newName, why: "delta operation" };
    }
    if (delta.kind !== "delete-database") continue;
    if (isTakenOver(delta.name, wanted.deltas.slice(index + 1), catalog)) {
      warn(`database "${delta.name}" stays: it has its name from a later delta operation, done by an earlier apply`);
      continue;
    }
    if (found.isTemplate) yield { kind: "clear-template", name: delta.name, why: "a template cannot be dropped" };
    yield { kind: "drop-database", name: delta.name, force: true, why: "delta operation" };
  }
}

/**
 * Whether a database is no longer the one to delete but its successor. "Delete a, rename b to a" is replayed by every apply
 * (APPLY-4), and without b its rename is done.
 */
function isTakenOver(name: string, later: readonly Delta[], { databases }: PlanContext["catalog"]): boolean {
  return later.some(
    (delta) => delta.kind === "rename-database" && delta.newName === name && !databases.has(delta.name),
  );
}

/** So many make up for the time that the first of them is waited for. */
const copiesMin = 8;

/**
 * The first of many new databases. When it has been looked after, the others become copies of it and need not be visited,
 * each of which would take longer than its creation. Before 15 schema `public` belongs to the owner of its database, so that
 * none is like another; and what a leaving role has in a template must be looked for in every copy.
 */
export function* planFirstDatabase({ wanted, catalog, mayCopy }: PlanContext): Iterable<SystemStep> {
  const isNew = ({ name, options }: WantedDatabase): boolean => !catalog.databases.has(name) && options.length === 0;
  const [first, ...others] = wanted.databases.filter(isNew);
  if (!mayCopy || first === undefined || others.length < copiesMin || catalog.serverMajor < 15) return;
  if (wanted.deltas.some(({ kind }) => kind === "delete-role")) return;
  yield create(first, null, "not in the catalog; the others will be copies of it");
  yield finish(first, wanted.privilegedRole, openToPrivileged);
}

/** New databases, and owners that differ (APPLY-30). */
export function* planDatabases({ wanted, catalog }: PlanContext): Iterable<SystemStep> {
  const [original = null] = catalog.settled;
  for (const database of wanted.databases) {
    const { name, owner, options } = database;
    const found = catalog.databases.get(name);
    if (found === undefined) {
      yield create(database, options.length === 0 ? original : null, "not in the catalog");
      yield finish(database, wanted.privilegedRole, openToPrivileged);
      continue;
    }
    if (found.owner !== owner) {
      yield { kind: "set-database-owner", name, owner, why: `its owner is "${found.owner}"` };
    }
    if (found.unfinished) yield finish(database, wanted.privilegedRole, "an earlier apply was interrupted");
  }
}

const openToPrivileged = "new databases are open to the privileged role";

function create({ name, owner, options }: WantedDatabase, copyOf: string | null, why: string): SystemStep {
  return { kind: "create-database", name, owner, options, copyOf, why };
}

function finish({ name, connectionLimit }: WantedDatabase, grantee: string, why: string): SystemStep {
  return { kind: "finish-database", name, grantee, connectionLimit, why };
}
