import type { DatabaseSnapshot } from "./snapshot.ts";
import type { DatabaseStep } from "./step.ts";
import type { DatabaseTask, PublicSchemaWish } from "./task.ts";

const bootstrapOwners: readonly (string | null)[] = ["cloud_admin", "zenith_admin"];

/**
 * The steps of one database, in the order of phases 11a, 11b and 11c.
 * @param found what a look into the database told; null when the task has no wish that depends on it
 */
export function planDatabase(task: DatabaseTask, found: DatabaseSnapshot | null): readonly DatabaseStep[] {
  const why = "delta operation";
  const leaving = task.leaving.flatMap(({ role, heir }): DatabaseStep[] => [
    { kind: "reassign-owned", role, heir, why },
    { kind: "revoke-granted", role, why },
    { kind: "drop-owned", role, why },
  ]);
  const publicSchema = task.publicSchema === null || found === null ? [] : planPublicSchema(task.publicSchema, found);
  const subscriptions: DatabaseStep[] = task.dropSubscriptions
    ? [
        {
          kind: "drop-subscriptions",
          why: "they belong to the branch that this one was made from, or go with the database",
        },
      ]
    : [];
  return [...leaving, ...publicSchema, ...subscriptions];
}

/** APPLY-35, APPLY-36; nothing where there is no schema `public`. */
export function* planPublicSchema(wish: PublicSchemaWish, found: DatabaseSnapshot): Generator<DatabaseStep, void> {
  const grantee = wish.privilegedRole;
  if (found.publicOwner === null) return;
  if (bootstrapOwners.includes(found.publicOwner) && found.publicOwner !== wish.owner) {
    yield { kind: "set-public-owner", owner: wish.owner, why: `its owner is "${found.publicOwner}"` };
  }
  if (wish.webAccess && !found.webAccessCreates) {
    yield { kind: "grant-public-create", grantee: "web_access", why: "role web_access may not create in it" };
  }
  const why = "what extension scripts create must be usable";
  if (!found.defaultTableGrants) yield { kind: "grant-by-default", objects: "TABLES", grantee, why };
  if (!found.defaultSequenceGrants) yield { kind: "grant-by-default", objects: "SEQUENCES", grantee, why };
}
