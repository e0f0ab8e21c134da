import type { TimelineId } from "../base/ids.ts";
import { findSetting } from "../spec/find-setting.ts";
import type { AuditLogLevel, ComputeSpec, DerivedSpec, Problem, SpecDatabase, SpecRole } from "../spec/types.ts";
import { type Delta, recogniseDeltas } from "./delta.ts";
import { nameProblems } from "./name-problem.ts";
import { sqlOption } from "./option-text.ts";
import { type RoleOption, recogniseRoleOptions } from "./role-option.ts";
import { isVerifier, storedVerifier } from "./verifier.ts";

/** A role that must exist. */
export interface WantedRole {
  readonly name: string;
  /** What `pg_authid.rolpassword` must hold. Secret. */
  readonly verifier: string | null;
  /** False: the password is given at creation only (FIELD-9). */
  readonly managesPassword: boolean;
  readonly options: readonly RoleOption[];
  /** True: nothing is left out beside an option that contradicts it, so that Postgres refuses the statement (FIELD-9, strict). */
  readonly literalOptions?: boolean;
  /** False for roles of an identity provider: anyone with a valid token may act as them (APPLY-51). */
  readonly privileged: boolean;
}

/** A database that must exist. */
export interface WantedDatabase {
  readonly name: string;
  readonly owner: string;
  /** SQL texts, without owner and connection limit. */
  readonly options: readonly string[];
  /** -1 means unlimited. */
  readonly connectionLimit: number;
}

/** The catalog that a spec asks for, checked: nothing in it makes a statement malformed. */
export interface WantedCatalog {
  /** The customers' weak superuser (APPLY-23). */
  readonly privilegedRole: string;
  /** In spec order, without those that a delta deletes. */
  readonly roles: readonly WantedRole[];
  readonly databases: readonly WantedDatabase[];
  readonly deltas: readonly Delta[];
  /** The timeline on which all subscriptions must be dropped once (APPLY-40, APPLY-41). */
  readonly dropSubscriptionsOn: TimelineId | null;
  readonly statStatements: boolean;
  readonly auditLogLevel: AuditLogLevel;
  /** The roles, grants and objects of lakebase mode as well (APPLY-46 to APPLY-49). */
  readonly lakebase: boolean;
}

/** What a spec alone does not say. */
export interface WantedCatalogFacts {
  readonly privilegedRoleName: string;
  /** `operation_uuid` of the spec that this process applied last; its deletions are not repeated (T4). */
  readonly appliedOperationUuid: string | null;
  readonly lakebase?: boolean;
  /** Reads roles' options as the original does (FIELD-1, FIELD-9). */
  readonly strict?: boolean;
}

/** The wanted catalog, or every reason why no statement may be sent. */
export type WantedCatalogResult =
  | { readonly ok: true; readonly wanted: WantedCatalog }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const cluster = "spec.cluster";
const connectionLimit = /^CONNECTION\s+LIMIT\s*=?\s*(-?\d+)$/i;
/** Words, numbers and quoted texts: nothing that could end the statement or begin a comment. */
const harmless = /^(?:[\w.+=]|-(?=\w)|\s|"[^"]*"|'(?:[^'\\]|\\\\)*')+$/;

/** Derives the wanted catalog from a spec (traps T2, T5, T6, T7, T8, T11); all problems at once. */
export function wantCatalog({ spec, timelineId }: DerivedSpec, facts: WantedCatalogFacts): WantedCatalogResult {
  const problems: Problem[] = [];
  const recognised = recogniseDeltas(spec.deltaOperations, "spec.delta_operations");
  const deletedRoles = new Set(
    recognised.deltas.flatMap((delta) => (delta.kind === "delete-role" ? [delta.name] : [])),
  );
  const repeated = spec.operationUuid !== null && spec.operationUuid === facts.appliedOperationUuid;
  const deltas = repeated ? recognised.deltas.filter(isRename) : recognised.deltas;
  const providerRoles = new Set(spec.localProxyConfig?.jwks?.flatMap((jwks) => jwks.roleNames));

  problems.push(...recognised.problems);
  problems.push(...listProblems("role", spec.cluster.roles, `${cluster}.roles`));
  problems.push(...listProblems("database", spec.cluster.databases, `${cluster}.databases`));
  const roles = spec.cluster.roles.map((role, index) =>
    wantRole(
      role,
      { privileged: !providerRoles.has(role.name), strict: facts.strict ?? false },
      `${cluster}.roles[${index}]`,
      problems,
    ),
  );
  const databases = spec.cluster.databases.map((database, index) => {
    const path = `${cluster}.databases[${index}]`;
    if (deletedRoles.has(database.owner)) {
      const message = `database "${database.name}" is owned by role "${database.owner}", which a delta operation deletes`;
      problems.push({ path: `${path}.owner`, message, hint: "give the database another owner" });
    }
    return wantDatabase(database, path, problems);
  });
  if (problems.length > 0) return { ok: false, problems };
  const wanted: WantedCatalog = {
    privilegedRole: facts.privilegedRoleName,
    roles: roles.filter((role) => !deletedRoles.has(role.name)),
    databases,
    deltas,
    dropSubscriptionsOn: spec.dropSubscriptionsBeforeStart ? timelineId : null,
    statStatements: preloads(spec, "pg_stat_statements"),
    auditLogLevel: spec.auditLogLevel,
    lakebase: facts.lakebase ?? false,
  };
  return { ok: true, wanted };
}

/** The extensions that an apply of the spec may create, besides Neon's own (phases 12, 19, 20). */
export function createdExtensions({ spec }: DerivedSpec): readonly string[] {
  const audit = { disabled: [], base: ["pgaudit"], extended: ["pgaudit", "pgauditlogtofile"] };
  return [
    ...(preloads(spec, "pg_stat_statements") ? ["pg_stat_statements"] : []),
    ...(spec.auditLogLevel === "full" ? audit.extended : audit[spec.auditLogLevel]),
  ];
}

function isRename(delta: Delta): boolean {
  return delta.kind === "rename-role" || delta.kind === "rename-database";
}

function preloads(spec: ComputeSpec, library: string): boolean {
  return findSetting(spec.cluster.settings, "shared_preload_libraries")?.includes(library) ?? false;
}

function wantRole(
  role: SpecRole,
  { privileged, strict }: { readonly privileged: boolean; readonly strict: boolean },
  path: string,
  problems: Problem[],
): WantedRole {
  const recognised = recogniseRoleOptions(role.name, role.options, `${path}.options`, { strict });
  problems.push(...recognised.problems);
  const given = role.encryptedPassword;
  const verifier = given === null ? null : storedVerifier(given);
  if (verifier !== null && !isVerifier(verifier)) {
    problems.push({
      path: `${path}.encrypted_password`,
      message: `the password of role "${role.name}" is not a verifier`,
      hint: "give a SCRAM-SHA-256 verifier, or an md5 hash of 32 lower-case hex digits",
    });
  }
  const { options, managesPassword } = recognised;
  return {
    name: role.name,
    verifier,
    managesPassword,
    options,
    privileged,
    ...(strict ? { literalOptions: true } : {}),
  };
}

function wantDatabase({ name, owner, options }: SpecDatabase, path: string, problems: Problem[]): WantedDatabase {
  const texts: string[] = [];
  let limit = -1;
  for (const [index, text] of options.map(sqlOption).entries()) {
    const limitText = connectionLimit.exec(text)?.[1];
    if (limitText !== undefined) limit = Number(limitText);
    else if (harmless.test(text)) texts.push(text);
    else {
      const message = `database "${name}": option "${options[index]?.name}" is malformed`;
      const hint = 'give a single word or number, or vartype "string"';
      problems.push({ path: `${path}.options[${index}]`, message, hint });
    }
  }
  return { name, owner, options: texts, connectionLimit: limit };
}

function listProblems(what: string, named: readonly { readonly name: string }[], path: string): readonly Problem[] {
  const seen = new Set<string>();
  return named.flatMap(({ name }, index): readonly Problem[] => {
    const at = `${path}[${index}].name`;
    if (seen.has(name)) return [{ path: at, message: `${what} "${name}" is listed twice`, hint: "list it once" }];
    seen.add(name);
    return nameProblems(what, name, at);
  });
}
