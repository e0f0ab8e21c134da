import type { PlanContext } from "./plan-context.ts";
import { type CatalogDatabase, sharedObjects } from "./snapshot.ts";
import type { DatabaseTask, LeavingRole, PublicSchemaWish } from "./task.ts";
import { fingerprint } from "./verified.ts";

const bootstrapRole = "cloud_admin";

/** Drops the subscriptions of databases that go away (phase 1): a database that holds one cannot be dropped. */
export function planPreDropTasks({ wanted, catalog, warn }: PlanContext): readonly DatabaseTask[] {
  return wanted.deltas.flatMap(({ kind, name }): DatabaseTask[] => {
    const found = catalog.databases.get(name);
    if (kind !== "delete-database" || found === undefined || !found.hasSubscriptions) return [];
    if (found.invalid || !found.allowsConnections) {
      warn(`database "${name}" keeps its subscriptions: it takes no connections`);
      return [];
    }
    return [{ ...nothingIn(name, found), dropSubscriptions: true }];
  });
}

/**
 * Role references, schema `public` and subscriptions (phase 11): the databases of the spec in its order, then the system
 * database, once even when the spec lists it (T11).
 */
export function planDatabaseTasks(context: PlanContext): readonly DatabaseTask[] {
  const { wanted, catalog, verified, warn } = context;
  const dropsSubscriptions = dropsSubscriptionsNow(context);
  const tasks: DatabaseTask[] = [];
  for (const { name, owner } of wanted.databases) {
    const found = catalog.databases.get(name);
    if (found === undefined || found.invalid || !found.allowsConnections) {
      warn(`database "${name}" takes no connections: its schema, grants and role references stay as they are`);
      continue;
    }
    const wish = publicSchemaWish(context, owner);
    const seen = fingerprint(wish, catalog.serverStarted, found.defaultGrants);
    const task: DatabaseTask = {
      ...nothingIn(name, found),
      leaving: leavingRoles(context, name, found, owner),
      publicSchema: catalog.settled.has(name) || (seen !== null && verified.get(found.oid) === seen) ? null : wish,
      dropSubscriptions: dropsSubscriptions && found.hasSubscriptions,
    };
    if (task.leaving.length > 0 || task.publicSchema !== null || task.dropSubscriptions) tasks.push(task);
  }
  if (dropsSubscriptions) warnOfSubscriptionsElsewhere(context);
  const system = catalog.databases.get(catalog.systemDatabase);
  if (system !== undefined && wanted.databases.every(({ name }) => name !== catalog.systemDatabase)) {
    const leaving = leavingRoles(context, catalog.systemDatabase, system, bootstrapRole);
    if (leaving.length > 0) tasks.push({ ...nothingIn(catalog.systemDatabase, system), leaving });
  }
  return tasks;
}

/** A look into the first of many new databases, before the others become copies of it. */
export function planFirstDatabaseTask(context: PlanContext): readonly DatabaseTask[] {
  const { wanted, catalog } = context;
  // Nothing else has been created by this phase.
  return wanted.databases.flatMap(({ name, owner }): DatabaseTask[] => {
    const found = catalog.databases.get(name);
    if (found?.oid !== "") return [];
    return [{ ...nothingIn(name, found), publicSchema: publicSchemaWish(context, owner) }];
  });
}

/** What schema `public` of a database with this owner should be like (APPLY-35, APPLY-36). */
export function publicSchemaWish({ wanted, catalog }: PlanContext, owner: string): PublicSchemaWish {
  const webAccess = catalog.serverMajor >= 15 && catalog.roles.has("web_access");
  return { owner, privilegedRole: wanted.privilegedRole, webAccess };
}

/** The cleanup is recorded as done, although what is outside the spec keeps its subscriptions (T18). */
function warnOfSubscriptionsElsewhere({ wanted, catalog, warn }: PlanContext): void {
  const listed = new Set(wanted.databases.map(({ name }) => name));
  for (const [name, { hasSubscriptions }] of catalog.databases) {
    if (!hasSubscriptions || listed.has(name)) continue;
    warn(`database "${name}" keeps its subscriptions: the spec does not list it`);
  }
}

/** Whether this apply drops the subscriptions: once on each timeline (APPLY-41). */
export function dropsSubscriptionsNow({ wanted, catalog }: PlanContext): boolean {
  return wanted.dropSubscriptionsOn !== null && wanted.dropSubscriptionsOn !== catalog.subscriptionsDroppedOn;
}

function nothingIn(database: string, { oid }: CatalogDatabase): DatabaseTask {
  return { database, oid, leaving: [], publicSchema: null, dropSubscriptions: false };
}

/** A database that is yet to be created may bring references along from its template. */
function leavingRoles(
  { wanted, catalog }: PlanContext,
  name: string,
  { oid }: CatalogDatabase,
  heir: string,
): readonly LeavingRole[] {
  const isSystem = name === catalog.systemDatabase;
  return wanted.deltas.flatMap((delta): LeavingRole[] => {
    const found = catalog.roles.get(delta.name);
    if (delta.kind !== "delete-role" || found === undefined || delta.name === heir) return [];
    const { referencedIn } = found;
    const concerned = oid === "" || referencedIn.has(oid) || (isSystem && referencedIn.has(sharedObjects));
    return concerned ? [{ role: delta.name, heir }] : [];
  });
}
