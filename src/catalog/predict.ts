import {
  type CatalogDatabase,
  type CatalogExtension,
  type CatalogRole,
  type CatalogSnapshot,
  type KnownExtension,
  sharedObjects,
} from "./snapshot.ts";
import type { SystemStep } from "./step.ts";
import type { DatabaseTask } from "./task.ts";
import { verifierAfterRename } from "./verifier.ts";

/** A snapshot that a plan in the making carries forward, so that each phase sees what the earlier ones will have done. */
export interface PredictedCatalog extends CatalogSnapshot {
  readonly roles: Map<string, CatalogRole>;
  readonly databases: Map<string, CatalogDatabase>;
  readonly extensions: Map<KnownExtension, CatalogExtension>;
  /** New databases whose inside will be right without a look: one that was looked into, and its copies. */
  readonly settled: Set<string>;
  hasNeonSchema: boolean;
  hasHealthCheck: boolean;
  auditMuted: boolean;
  subscriptionsDroppedOn: string | null;
}

/** A copy of `snapshot` that predictions can change. */
export function predictFrom(snapshot: CatalogSnapshot): PredictedCatalog {
  return {
    ...snapshot,
    roles: new Map(snapshot.roles),
    databases: new Map(snapshot.databases),
    extensions: new Map(snapshot.extensions),
    settled: new Set(),
  };
}

/** Changes `catalog` as the step will change the real one. */
export function predictStep(catalog: PredictedCatalog, step: SystemStep): void {
  const { roles, databases, extensions } = catalog;
  switch (step.kind) {
    case "create-privileged-role":
      roles.set(step.name, { verifier: null, referencedIn: new Set() });
      return;
    case "create-platform-role":
      roles.set(step.name, { verifier: null, referencedIn: new Set() });
      return;
    case "drop-extension":
      change(extensions, step.name, (extension) => ({ ...extension, installed: null }));
      return;
    // What only one phase looks at need not be foretold.
    case "set-role-timeout":
    case "grant-to-platform":
    case "create-health-function":
      return;
    case "create-role":
      roles.set(step.role.name, { verifier: step.role.verifier, referencedIn: new Set() });
      return;
    case "alter-role":
      change(roles, step.role.name, (role) => ({ ...role, verifier: step.role.verifier }));
      return;
    case "rename-role":
      rename(roles, step.name, step.newName);
      change(roles, step.newName, (role) => ({ ...role, verifier: verifierAfterRename(role.verifier) }));
      for (const [name, database] of databases) {
        if (database.owner === step.name) databases.set(name, { ...database, owner: step.newName });
      }
      return;
    case "drop-role":
      roles.delete(step.name);
      return;
    case "allow-connections":
      change(databases, step.name, (database) => ({ ...database, allowsConnections: true }));
      return;
    case "clear-template":
      change(databases, step.name, (database) => ({ ...database, isTemplate: false }));
      return;
    case "drop-database":
      databases.delete(step.name);
      return;
    case "rename-database":
      rename(databases, step.name, step.newName);
      return;
    case "create-database":
      databases.set(step.name, createdDatabase(step.owner));
      if (step.copyOf !== null && catalog.settled.has(step.copyOf)) catalog.settled.add(step.name);
      return;
    case "finish-database":
      change(databases, step.name, (database) => ({ ...database, unfinished: false }));
      return;
    case "set-database-owner":
      change(databases, step.name, (database) => ({ ...database, owner: step.owner }));
      return;
    case "create-neon-schema":
      catalog.hasNeonSchema = true;
      return;
    case "create-extension":
      change(extensions, step.name, (extension) => ({
        ...extension,
        installed: { version: extension.availableVersion ?? "", schema: step.schema, relocatable: true },
      }));
      return;
    case "make-extension-relocatable":
      changeInstalled(extensions, step.name, { relocatable: true });
      return;
    case "move-extension":
      changeInstalled(extensions, step.name, { schema: step.schema });
      return;
    case "update-extension":
      changeInstalled(extensions, step.name, { version: extensions.get(step.name)?.availableVersion ?? "" });
      return;
    case "create-health-check":
      catalog.hasHealthCheck = true;
      return;
    case "record-dropped-subscriptions":
      catalog.subscriptionsDroppedOn = step.timeline;
      return;
    case "mute-audit":
      catalog.auditMuted = true;
      return;
  }
}

/** Changes `catalog` as the task will, as far as the snapshot of the cluster shows it. */
export function predictTask(catalog: PredictedCatalog, task: DatabaseTask): void {
  const oid = catalog.databases.get(task.database)?.oid;
  for (const { role } of task.leaving) {
    change(catalog.roles, role, (found) => {
      const shared = task.database === catalog.systemDatabase ? [sharedObjects] : [];
      const gone = new Set([oid, ...shared]);
      return { ...found, referencedIn: new Set([...found.referencedIn].filter((database) => !gone.has(database))) };
    });
  }
  if (task.publicSchema !== null && oid === "") catalog.settled.add(task.database);
  if (task.dropSubscriptions) {
    change(catalog.databases, task.database, (database) => ({ ...database, hasSubscriptions: false }));
  }
}

function createdDatabase(owner: string): CatalogDatabase {
  return {
    oid: "",
    owner,
    allowsConnections: true,
    invalid: false,
    isTemplate: false,
    hasSubscriptions: false,
    unfinished: true,
    defaultGrants: "",
  };
}

function change<K, V>(map: Map<K, V>, key: K, changed: (value: V) => V): void {
  const value = map.get(key);
  if (value !== undefined) map.set(key, changed(value));
}

function rename<V>(map: Map<string, V>, from: string, to: string): void {
  const value = map.get(from);
  if (value === undefined) return;
  map.delete(from);
  map.set(to, value);
}

function changeInstalled(
  extensions: Map<KnownExtension, CatalogExtension>,
  name: KnownExtension,
  changed: Partial<NonNullable<CatalogExtension["installed"]>>,
): void {
  change(extensions, name, (extension) => {
    const { installed } = extension;
    return installed === null ? extension : { ...extension, installed: { ...installed, ...changed } };
  });
}
