import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { TraceContext, Tracer } from "../base/tracer.ts";
import type { ComputeSettings } from "../compute/ports.ts";
import type { HbaMethod } from "../conf/access-files.ts";
import type { LogIds } from "../logging/lakebase-line.ts";
import type { Metrics } from "../metrics/registry.ts";
import type { SessionLedger } from "../monitor/session-ledger.ts";
import type { Connstr } from "../postgres/connstr.ts";
import type { PostgresInstallation } from "../postgres/installation.ts";
import type { OsUser } from "../postgres/os-user.ts";
import type { HostPermissions } from "../services/host-commands.ts";
import type { AuditVariables } from "../services/rsyslog.ts";
import type { ComputeCtlConfig, Config, DerivedSpec } from "../spec/types.ts";
import type { Notifier } from "../supervisor/do/notify.ts";

/** What the command line and the environment say of the services beside Postgres. */
export interface ServiceFacts {
  /** An absolute path. */
  readonly hostRoot: string;
  /** Whether pgbouncer and local_proxy are left alone at the end (SVC-61). */
  readonly isLeftAlone: boolean;
  readonly permissions: HostPermissions;
  readonly auditVariables: AuditVariables;
  /** A secret. */
  readonly pgbouncerPassword: string | null;
}

/** Everything that is known when a compute is put together. */
export interface Facts {
  readonly settings: ComputeSettings;
  readonly services: ServiceFacts;
  readonly computeId: string;
  readonly externalHttpPort: number;
  /** Null for all of the machine's addresses. */
  readonly httpListenAddr: string | null;
  /** Null for loopback only. */
  readonly internalListenAddr: string | null;
  /** Reads configs and tokens as the original does, without any repair (FIELD-1). */
  readonly strict: boolean;
  /** How clients from other hosts prove who they are. */
  readonly pgHbaMethod: HbaMethod;
  /** Whether an accepted `/configure` replaces the keys that tokens are checked with. */
  readonly rotateJwks: boolean;
  /** Passwords of many roles are set by one catalog write, see docs/decisions/0012. */
  readonly writePasswordsDirectly: boolean;
  readonly remoteExtBaseUrl: string | null;
  /** Which extensions are fetched before Postgres starts: those whose libraries it preloads, or all that it may have. */
  readonly prefetchExtensions: "preload" | "all";
  /** How often the installed extensions are counted, until a spec says (LIFE-24). */
  readonly extensionStatisticsSeconds: bigint;
  readonly buildTag: string;
  readonly instanceId: string | undefined;
  /** The cgroup that Postgres is put into on a VM (LIFE-61); null elsewhere. */
  readonly memoryCgroup: string | null;
  /** Null when this is no VM that an autoscaler-agent looks after (VM-1). */
  readonly vmMonitor: VmMonitorFacts | null;
  readonly basebackupRetriesMax: number;
  /** The migration that a test wants to fail (MIG-7); null for none. */
  readonly failingMigration: number | null;
  /** How base backups travel. */
  readonly basebackupCompression: "gzip" | "none";
  /** Who brings the safekeepers into agreement: this program itself, or the Postgres binary. */
  readonly syncSafekeepers: "native" | "postgres";
  /** How long a native sync may take with all its tries, in milliseconds. */
  readonly syncMsMax: number;
  /** The authorities that storage servers' certificates are checked against; null for those that Node knows. */
  readonly storageCaFile: string | null;
  readonly computeCtlConfig: ComputeCtlConfig;
  readonly spec: DerivedSpec | null;
  /** Loads the config anew from where the first one came from. */
  readonly loadConfig: (signal: AbortSignal) => Promise<Config>;
  readonly connstr: Connstr;
  /** The sessions that this program opens, which are nobody's activity (FIELD-14). */
  readonly sessionLedger: SessionLedger;
  readonly installation: PostgresInstallation;
  /** The user to run Postgres as; null for this program's own. */
  readonly osUser: OsUser | null;
  /** The parent of the start's span, from whoever started the process (LIFE-85). */
  readonly traceParent: TraceContext | undefined;
  /** This program's own environment, which children inherit. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What the command line says about the vm-monitor. */
export interface VmMonitorFacts {
  /** Should be an IP address with a port. */
  readonly address: string;
  /** Should be addresses and networks of those that may connect; null for everybody. */
  readonly allow: string | null;
  readonly cgroup: string;
  /** Where cgroup v2 is mounted. */
  readonly cgroupRoot: string;
  /** Null for the compute's own connection string. May hold a password. */
  readonly filecacheConnstr: string | null;
}

/** Where a compute speaks, and what time it is for it. */
export interface Surroundings {
  readonly log: Log;
  readonly clock: Clock;
  readonly tracer: Tracer;
  readonly notifier: Notifier;
  /** Made before there is a compute: fetching its first config counts already (SPEC-83). */
  readonly metrics: Metrics;
  /** Takes records of Postgres's log. */
  readonly onPostgresRecords: (records: readonly string[]) => void;
  readonly recentLogLines: (count: number) => readonly string[];
  /** How many lines the log has had. */
  readonly logLineCount: () => number;
  /** Tells lakebase's log files whose they are; null without them (LIFE-86). */
  readonly identify: ((ids: LogIds) => void) | null;
}
