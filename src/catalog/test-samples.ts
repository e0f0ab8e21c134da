import { decodePayload } from "../spec/decode.ts";
import { deriveSpec } from "../spec/derive.ts";
import type { DerivedSpec } from "../spec/types.ts";
import type { CatalogDatabase, CatalogSnapshot } from "./snapshot.ts";
import { type WantedCatalog, wantCatalog } from "./wanted.ts";

/*
 * Inputs for tests: a spec and a snapshot with plain values for all that a test does not say.
 */

/** Members of a spec's JSON that matter to the catalog. */
export interface SampleSpec {
  readonly roles?: readonly object[];
  readonly databases?: readonly object[];
  readonly deltas?: readonly object[];
  readonly settings?: readonly object[];
  /** Members of the spec itself. */
  readonly members?: object;
}

/** The timeline of every sample spec. */
export const sampleTimeline = "aaaabbbbccccddddeeeeffff00001111";

/** The derived spec of this JSON. */
export function sampleSpec(sample: SampleSpec): DerivedSpec {
  const { roles = [], databases = [], deltas = [], settings = [], members = {} } = sample;
  const json = {
    format_version: 1,
    suspend_timeout_seconds: 0,
    cluster: { roles, databases, settings },
    delta_operations: deltas,
    tenant_id: "00112233445566778899aabbccddeeff",
    timeline_id: sampleTimeline,
    pageserver_connstring: "postgresql://no_user@127.0.0.1:64000",
    safekeeper_connstrings: ["127.0.0.1:5454"],
    ...members,
  };
  const decoded = decodePayload(JSON.stringify(json), { strict: true });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.refusal));
  const derived = decoded.value.spec === null ? null : deriveSpec(decoded.value.spec);
  if (!derived?.ok) throw new Error(JSON.stringify(derived?.refusal));
  return derived.value;
}

/** The wanted catalog of this JSON, with `neon_superuser` as the privileged role. */
export function sampleWanted(sample: SampleSpec): WantedCatalog {
  const facts = { privilegedRoleName: "neon_superuser", appliedOperationUuid: null };
  const result = wantCatalog(sampleSpec(sample), facts);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.wanted;
}

/** What a snapshot has beside the parts that every fresh cluster has. */
export interface SampleCatalog extends Partial<Omit<CatalogSnapshot, "roles" | "databases">> {
  /** Verifiers by role. */
  readonly roles?: Readonly<Record<string, string | null>>;
  /** OIDs of the databases in which the role owns or may do something; `0` is what belongs to no database. */
  readonly references?: Readonly<Record<string, readonly string[]>>;
  readonly databases?: Readonly<Record<string, Partial<CatalogDatabase> & { readonly owner: string }>>;
}

/** A fresh cluster, in which the helper objects of earlier applies are there, with these roles and databases. */
export function sampleSnapshot(sample: SampleCatalog = {}): CatalogSnapshot {
  const { roles = {}, references = {}, databases = {}, ...rest } = sample;
  const role = (name: string, verifier: string | null) =>
    [name, { verifier, referencedIn: new Set(references[name]) }] as const;
  return {
    serverMajor: 17,
    serverStarted: "today",
    isSuperuser: true,
    systemDatabase: "postgres",
    extensions: new Map([["neon", { availableVersion: "1.6", installed: neonInstalled }]]),
    hasNeonSchema: true,
    hasHealthCheck: true,
    auditMuted: false,
    subscriptionsDroppedOn: null,
    lakebase: null,
    ...rest,
    roles: new Map([
      role("cloud_admin", null),
      role("neon_superuser", null),
      ...Object.entries(roles).map(([name, verifier]) => role(name, verifier)),
    ]),
    databases: new Map([
      ["postgres", { ...plainDatabase, oid: "5", owner: "cloud_admin" }],
      ["template1", { ...plainDatabase, oid: "1", owner: "cloud_admin", isTemplate: true }],
      ...Object.entries(databases).map(([name, database]) => [name, { ...plainDatabase, ...database }] as const),
    ]),
  };
}

const neonInstalled = { version: "1.6", schema: "neon", relocatable: true };
const plainDatabase = {
  oid: "100",
  allowsConnections: true,
  invalid: false,
  isTemplate: false,
  hasSubscriptions: false,
  unfinished: false,
  defaultGrants: "",
};
