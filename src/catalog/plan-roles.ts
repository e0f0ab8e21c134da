import type { PlanContext } from "./plan-context.ts";
import type { SystemStep } from "./step.ts";

/** The privileged role itself (APPLY-23); one that exists is left as it is. */
export function* planPrivilegedRole({ wanted, catalog }: PlanContext): Iterable<SystemStep> {
  if (catalog.roles.has(wanted.privilegedRole)) return;
  const replication = catalog.lakebase === null;
  yield { kind: "create-privileged-role", name: wanted.privilegedRole, replication, why: "not in the catalog" };
}

/** APPLY-24. With both names taken, the rename was done by an earlier apply and the old name is in use again. */
export function* planRoleRenames({ wanted, catalog }: PlanContext): Iterable<SystemStep> {
  for (const delta of wanted.deltas) {
    if (delta.kind !== "rename-role") continue;
    if (!catalog.roles.has(delta.name) || catalog.roles.has(delta.newName)) continue;
    yield { kind: "rename-role", name: delta.name, newName: delta.newName, why: "delta operation" };
  }
}

/** New roles, and passwords that differ (APPLY-25); nothing else of a role that exists is touched. */
export function* planRoles({ wanted, catalog }: PlanContext): Iterable<SystemStep> {
  for (const role of wanted.roles) {
    const found = catalog.roles.get(role.name);
    if (found === undefined) {
      yield { kind: "create-role", role, memberOf: wanted.privilegedRole, why: "not in the catalog" };
    } else if (role.managesPassword && found.verifier !== role.verifier) {
      yield { kind: "alter-role", role, why: "password differs" };
    }
  }
}

/**
 * The last act of a role's removal: all that it owned or was granted is gone by now (APPLY-33). What it has in a database
 * outside the spec is the customer's to give away: the server refuses the drop then (T10).
 */
export function* planRoleDrops({ wanted, catalog, warn }: PlanContext): Iterable<SystemStep> {
  for (const delta of wanted.deltas) {
    const found = catalog.roles.get(delta.name);
    if (delta.kind !== "delete-role" || found === undefined) continue;
    const left = [...catalog.databases]
      .filter(([, { oid }]) => found.referencedIn.has(oid))
      .map(([name]) => `"${name}"`);
    if (left.length > 0) {
      warn(
        `role "${delta.name}" owns or may use something in ${left.join(", ")}, which the spec does not list or which takes no connections: it cannot be dropped`,
      );
    }
    yield { kind: "drop-role", name: delta.name, why: "delta operation" };
  }
}
