import type { TenantId, TimelineId } from "../base/ids.ts";
import type { Lsn } from "../base/lsn.ts";

/** What a compute is for (SPEC-61): read-write, read-only at one LSN, or following the tip of its branch. */
export type ComputeMode =
  | { readonly kind: "primary" }
  | { readonly kind: "static"; readonly lsn: Lsn }
  | { readonly kind: "replica" };

/** One SQL option or one setting (SPEC-50, SPEC-51). `vartype` is exactly `string` when the value must be quoted. */
export interface GenericOption {
  readonly name: string;
  readonly value: string | null;
  readonly vartype: string;
}

/** A role that must exist, with its password verifier (SPEC-53). */
export interface SpecRole {
  readonly name: string;
  readonly encryptedPassword: string | null;
  readonly options: readonly GenericOption[];
}

/** A database that must exist. */
export interface SpecDatabase {
  readonly name: string;
  readonly owner: string;
  readonly options: readonly GenericOption[];
}

/** An explicit removal or rename; actions that this program does not know stay in the list and are ignored (SPEC-31). */
export interface DeltaOperation {
  readonly action: string;
  readonly name: string;
  readonly newName: string | null;
}

/** The cluster as the control plane wants it (chapter 02 §4.1). */
export interface Cluster {
  readonly clusterId: string | null;
  readonly name: string | null;
  readonly state: string | null;
  readonly roles: readonly SpecRole[];
  readonly databases: readonly SpecDatabase[];
  /** Text that goes verbatim to the top of postgresql.conf. */
  readonly postgresqlConf: string | null;
  /** Null means "no managed block", an empty list an empty one. */
  readonly settings: readonly GenericOption[] | null;
}

/** The protocols by which a pageserver can be asked. */
export type PageserverProtocol = "libpq" | "grpc";

/** One pageserver that serves a shard. */
export interface Pageserver {
  readonly id: bigint | null;
  readonly libpqUrl: string | null;
  readonly grpcUrl: string | null;
}

/** Where a tenant's pages are (chapter 02 §4.2). */
export interface PageserverConnectionInfo {
  /** 0 means unsharded. */
  readonly shardCount: number;
  /** In pages of 8 KiB; null when unsharded. */
  readonly stripeSize: number | null;
  /** Keyed by shard index: two hex digits of the shard's number, two of the count, lower case. */
  readonly shards: ReadonlyMap<string, { readonly pageservers: readonly Pageserver[] }>;
  readonly preferProtocol: PageserverProtocol;
}

/** Extensions that can be fetched on demand (chapter 02 §4.3). */
export interface RemoteExtensions {
  readonly publicExtensions: readonly string[] | null;
  readonly customExtensions: readonly string[] | null;
  readonly libraryIndex: ReadonlyMap<string, string>;
  readonly extensionData: ReadonlyMap<
    string,
    { readonly controlData: ReadonlyMap<string, string>; readonly archivePath: string }
  >;
}

/** Paths of a key and its certificate chain, PEM. */
export interface TlsPaths {
  readonly keyPath: string;
  readonly certPath: string;
}

/** One identity provider of local_proxy. */
export interface LocalProxyJwks {
  readonly id: string;
  readonly roleNames: readonly string[];
  readonly jwksUrl: string;
  readonly providerName: string;
  readonly jwtAudience: string | null;
}

/** What local_proxy needs (chapter 02 §4.4). */
export interface LocalProxyConfig {
  readonly jwks: readonly LocalProxyJwks[] | null;
  readonly tls: TlsPaths | null;
}

/** Settings of a lakebase deployment (chapter 02 §4.5). */
export interface DatabricksSettings {
  readonly tls: { readonly certFile: string; readonly keyFile: string; readonly caFile: string };
  readonly pgHba: string;
  readonly pgIdent: string;
  readonly workspaceHost: string;
}

/** How much pgaudit records (SPEC-65). `log` is an old name of `base`, `hipaa` of `extended`. */
export type AuditLogLevel = "disabled" | "base" | "extended" | "full";

/** A compute spec: the wanted state of one compute (chapter 02 §4), decoded, nothing derived. */
export interface ComputeSpec {
  readonly formatVersion: number;
  readonly suspendTimeoutSeconds: bigint;
  readonly cluster: Cluster;
  readonly operationUuid: string | null;
  readonly features: readonly string[];
  readonly swapSizeBytes: bigint | null;
  readonly diskQuotaBytes: bigint | null;
  readonly disableLfcResizing: boolean | null;
  readonly deltaOperations: readonly DeltaOperation[];
  readonly skipPgCatalogUpdates: boolean;
  readonly tenantId: TenantId | null;
  readonly timelineId: TimelineId | null;
  readonly pageserverConnectionInfo: PageserverConnectionInfo | null;
  readonly pageserverConnstring: string | null;
  readonly shardStripeSize: number | null;
  readonly projectId: string | null;
  readonly branchId: string | null;
  readonly endpointId: string | null;
  readonly safekeepersGeneration: number | null;
  readonly safekeeperConnstrings: readonly string[];
  readonly mode: ComputeMode;
  readonly storageAuthToken: string | null;
  readonly remoteExtensions: RemoteExtensions | null;
  readonly pgbouncerSettings: ReadonlyMap<string, string> | null;
  readonly localProxyConfig: LocalProxyConfig | null;
  readonly reconfigureConcurrency: number;
  readonly dropSubscriptionsBeforeStart: boolean;
  readonly auditLogLevel: AuditLogLevel;
  readonly logsExportHost: string | null;
  readonly endpointStorageAddr: string | null;
  readonly endpointStorageToken: string | null;
  readonly autoprewarm: boolean;
  readonly offloadLfcIntervalSeconds: bigint | null;
  readonly databricksSettings: DatabricksSettings | null;
}

/** A public key of the control plane, members as in RFC 7517; key material is checked when it is first used (SPEC-22). */
export interface Jwk {
  readonly kty: "EC" | "RSA" | "oct" | "OKP";
  readonly alg: string | null;
  readonly kid: string | null;
  readonly use: string | null;
  /** The members that carry the key, by their RFC 7517 names: `crv`, `x`, `y`, `n`, `e`, `k`. */
  readonly material: Readonly<Record<string, string>>;
}

/** The part of a config that belongs to the process, not to the spec (SPEC-21); fixed by the first config. */
export interface ComputeCtlConfig {
  readonly jwks: readonly Jwk[];
  readonly tls: TlsPaths | null;
}

/** What a config file, the control plane or `/configure` hands over. */
export interface Config {
  readonly spec: ComputeSpec | null;
  readonly computeCtlConfig: ComputeCtlConfig;
  /** Whether it says `"status": "empty"`, whatever spec it carries (FIELD-8); never when it was read strictly. */
  readonly declaredEmpty: boolean;
}

/** Where WAL goes: entries `host:port`, and the generation of the membership if one was named. */
export interface Safekeepers {
  readonly hostPorts: readonly string[];
  readonly generation: number | null;
}

/** A spec and what follows from it (SPEC-41); inner rooms see this and never check again. */
export interface DerivedSpec {
  readonly spec: ComputeSpec;
  readonly tenantId: TenantId;
  readonly timelineId: TimelineId;
  readonly pageservers: PageserverConnectionInfo;
  readonly safekeepers: Safekeepers;
  readonly storageAuthToken: string | null;
  readonly endpointStorageAddr: string | null;
  readonly endpointStorageToken: string | null;
}

/** Why an input was refused (SPEC-17): the stage it failed in, and every problem found there. */
export interface Refusal {
  readonly kind: "syntax" | "schema" | "derive";
  readonly problems: readonly Problem[];
}

/** One thing wrong with an input. `path` is a JSON path such as `spec.cluster.roles[0].name`, empty at the root. */
export interface Problem {
  readonly path: string;
  readonly message: string;
  /** What to do about it, when that is not plain from the message. */
  readonly hint?: string;
}
