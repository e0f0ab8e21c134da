import { formatLsn } from "../../base/lsn.ts";
import { maskSecrets } from "../../base/mask-secrets.ts";
import type { EffectiveSetting } from "../../conf/effective-settings.ts";
import type { DerivedSpec, Problem, TlsPaths } from "../../spec/types.ts";

/** A fact about the compute, for people: what it is about, and what it is. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** A setting as it will be in force; secrets are hidden. */
export interface CheckedSetting extends EffectiveSetting {
  /** How Postgres reads it, without unit; null where it was not asked. */
  readonly postgres: string | null;
}

/** A line of postgresql.conf, counted from 1, that Postgres does not accept. */
export interface RejectedLine {
  readonly line: number | null;
  readonly setting: string | null;
  readonly message: string;
  readonly hint: string | null;
}

/** All that a check found; no secret is in it. */
export interface CheckReport {
  /** The file that was checked. */
  readonly source: string;
  /** Whether a compute can be started with it, as far as can be told. */
  readonly good: boolean;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  readonly compute: readonly Fact[];
  /** Null when there is no spec, or none that can be used. */
  readonly postgresqlConf: readonly string[] | null;
  readonly settings: readonly CheckedSetting[];
  /** Null when Postgres was not asked. */
  readonly postgres: { readonly version: string; readonly rejected: readonly RejectedLine[] } | null;
}

/** What a derived spec makes of a compute, for people to check (chapter 02 §5). */
export function computeFacts(derived: DerivedSpec, tls: TlsPaths | null, keys: number): readonly Fact[] {
  const { spec, pageservers, safekeepers } = derived;
  const { cluster } = spec;
  const generation = safekeepers.generation === null ? "" : `, generation ${safekeepers.generation}`;
  const facts: readonly (readonly [name: string, value: string | null])[] = [
    ["mode", modeText(derived)],
    ["tenant", derived.tenantId],
    ["timeline", derived.timelineId],
    ["project", spec.projectId],
    ["branch", spec.branchId],
    ["endpoint", spec.endpointId],
    ["pageservers", pageserversText(derived)],
    ...[...pageservers.shards].map(
      ([index, { pageservers: servers }]) =>
        [`  shard ${index}`, servers.map(({ libpqUrl, grpcUrl }) => libpqUrl ?? grpcUrl ?? "?").join(", ")] as const,
    ),
    ["safekeepers", safekeepers.hostPorts.length === 0 ? "none" : safekeepers.hostPorts.join(", ") + generation],
    ["storage token", derived.storageAuthToken === null ? "none" : "[hidden]"],
    ["features", spec.features.length === 0 ? "none" : spec.features.join(", ")],
    ["TLS", tls === null ? "off" : `${tls.certPath} with ${tls.keyPath}`],
    ["audit", spec.auditLogLevel],
    ["catalog", spec.skipPgCatalogUpdates ? "is left alone" : catalogText(derived)],
    ["pgbouncer", spec.pgbouncerSettings === null ? null : count(spec.pgbouncerSettings.size, "setting")],
    ["local_proxy", spec.localProxyConfig === null ? null : count(spec.localProxyConfig.jwks?.length ?? 0, "key set")],
    ["extensions", spec.remoteExtensions === null ? null : `${spec.remoteExtensions.extensionData.size} on demand`],
    ["log export", spec.logsExportHost],
    [
      "postgresql_conf",
      cluster.postgresqlConf === null ? null : count(cluster.postgresqlConf.split("\n").length, "line"),
    ],
    ["API keys", String(keys)],
  ];
  return facts.flatMap(([name, value]) => (value === null ? [] : [{ name, value: maskSecrets(value) }]));
}

function modeText({ spec: { mode } }: DerivedSpec): string {
  return mode.kind === "static" ? `static, at ${formatLsn(mode.lsn)}` : mode.kind;
}

function pageserversText({ pageservers }: DerivedSpec): string {
  const { shardCount, stripeSize, preferProtocol } = pageservers;
  const shards = shardCount === 0 ? "unsharded" : count(shardCount, "shard");
  const stripes = stripeSize === null ? "" : `, stripes of ${stripeSize} pages`;
  return `${shards}${stripes}, asked over ${preferProtocol}`;
}

function catalogText({ spec: { cluster, deltaOperations } }: DerivedSpec): string {
  return [
    count(cluster.roles.length, "role"),
    count(cluster.databases.length, "database"),
    count(deltaOperations.length, "delta operation"),
  ].join(", ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
