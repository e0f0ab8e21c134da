import type { MigrationProgress } from "../../catalog/migrations/state.ts";
import type { ActivityView } from "../../compute/activity-view.ts";
import type { LeaseView } from "../../compute/lease.ts";
import type { OperationKind } from "../../compute/operation.ts";
import type { ComputeStatus } from "../../compute/status.ts";
import type { RejectedSetting } from "../../postgres/settings-report.ts";
import type { ServiceView } from "../../services/service-view.ts";
import type { ComputeMode } from "../../spec/types.ts";
import type { ScalingCounts, SessionView } from "../../vm-monitor/view.ts";

/*
 * The document that the status page shows (HTTP-83): a section for each thing, made of JSON's own types, without secrets. Moments
 * are milliseconds since 1970. A section that is null has nothing behind it on this compute, and is left out.
 */

/** What the compute is, and how it is. */
export interface OverviewSection {
  readonly status: ComputeStatus;
  readonly sinceMs: number;
  readonly startTimeMs: number;
  readonly error: string | null;
  readonly computeId: string;
  readonly version: string;
  readonly mode: ComputeMode["kind"] | null;
  readonly project: string | null;
  readonly branch: string | null;
  readonly endpoint: string | null;
  readonly tenant: string | null;
  readonly timeline: string | null;
  readonly features: readonly string[];
}

/** A status and since when. */
export interface HistoryEntry {
  readonly status: ComputeStatus;
  readonly atMs: number;
}

/** One bar of the waterfall, in milliseconds since its zero. */
export interface StartRow {
  readonly name: string;
  /** It is part of a row above it. */
  readonly inner: boolean;
  readonly startMs: number;
  /** Null while it goes on. */
  readonly endMs: number | null;
}

/** The start as a waterfall. */
export interface StartSection {
  /** The moment of the waterfall's zero. */
  readonly zeroAtMs: number;
  readonly rows: readonly StartRow[];
  /** Null until the compute runs. */
  readonly totalMs: number | null;
}

/** The Postgres process, and who uses it. */
export interface PostgresSection {
  readonly state: "waiting" | "starting" | "up" | "unreachable" | "stopping" | "gone";
  readonly version: string;
  readonly pid: number | null;
  readonly lastActiveMs: number | null;
  readonly found: ActivityView["found"];
  readonly checkedAtMs: number | null;
  readonly currentDowntimeMs: number;
  readonly totalDowntimeMs: number;
  readonly rejectedSettings: readonly RejectedSetting[];
  readonly pendingRestart: readonly string[];
  readonly overruled: readonly string[];
  readonly tls: {
    readonly notAfterMs: number;
    readonly installedAtMs: number;
    readonly problem: string | null;
  } | null;
}

/** The roles and databases that the spec wants, and how far the catalog is from that. */
export interface CatalogSection {
  readonly roles: number;
  readonly databases: number;
  /** Null when they are applied. */
  readonly whyNotApplied: string | null;
  readonly canCompare: boolean;
  readonly drift: {
    readonly checkedAtMs: number;
    readonly steps: number;
    readonly phases: readonly { readonly name: string; readonly steps: number }[];
  } | null;
}

/** Where data comes from and goes to. */
export interface StorageSection {
  /** `newest` when none was asked for by number. */
  readonly startLsn: string | null;
  readonly endLsn: string | null;
  readonly shards: readonly { readonly shard: string; readonly pageservers: readonly string[] }[];
  readonly protocol: string;
  readonly safekeepers: readonly string[];
  readonly generation: number | null;
  readonly basebackup: { readonly bytes: number; readonly ms: number; readonly connectMs: number } | null;
  /** How long agreement among the safekeepers took; null when none had to be brought about. */
  readonly syncMs: number | null;
  /** Null for computes that need none. */
  readonly lease: {
    readonly lsn: string;
    readonly state: LeaseView["state"];
    readonly expiresMs: number | null;
    readonly error: string | null;
  } | null;
}

/** An extension that was asked of the gateway. */
export interface ExtensionEntry {
  readonly name: string;
  readonly state: "downloading" | "installed" | "failed";
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly receivedBytes: number;
  readonly totalBytes: number | null;
  readonly error: string | null;
}

/** A service beside Postgres that somebody has asked for. */
export interface ServiceEntry {
  readonly name: string;
  readonly state: ServiceView["state"];
  readonly sinceMs: number;
  readonly lastError: string | null;
  readonly retries: number;
  readonly failures: number;
}

/** What the vm-monitor does. */
export interface ScalingSection {
  readonly listening: string | null;
  readonly problem: string | null;
  readonly session: (Omit<SessionView, "since"> & { readonly sinceMs: number }) | null;
  readonly counts: ScalingCounts;
  readonly last: { readonly atMs: number; readonly text: string } | null;
}

/** Something that the compute was asked for. */
export interface OperationEntry {
  readonly id: string;
  readonly kind: OperationKind;
  readonly state: "running" | "succeeded" | "failed";
  readonly error: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
}

/** Something that is wrong or went wrong. */
export interface ProblemEntry {
  readonly where: string;
  readonly text: string;
  /** Null when that is not known. */
  readonly atMs: number | null;
}

/** All of it. */
export interface PageState {
  readonly overview: OverviewSection;
  /** The newest changes of status, the oldest first. */
  readonly history: readonly HistoryEntry[];
  readonly start: StartSection | null;
  readonly postgres: PostgresSection | null;
  readonly catalog: CatalogSection | null;
  readonly storage: StorageSection | null;
  readonly migrations: MigrationProgress | null;
  readonly extensions: readonly ExtensionEntry[] | null;
  readonly services: readonly ServiceEntry[] | null;
  readonly scaling: ScalingSection | null;
  /** The newest first. */
  readonly operations: readonly OperationEntry[];
  /** The newest first. */
  readonly problems: readonly ProblemEntry[];
}
