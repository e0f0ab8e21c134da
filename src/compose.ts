/*
 * The composition root: the only place that knows which effect stands behind which port. It decides nothing about
 * computes; that is compute/'s business.
 */
import { PassThrough } from "node:stream";
import type { Clock } from "./base/clock.ts";
import type { Log } from "./base/log.ts";
import { formatLsn } from "./base/lsn.ts";
import { once } from "./base/once.ts";
import type { Owner } from "./base/owner.ts";
import { type Compute, createCompute } from "./compute/lifecycle.ts";
import type { CatalogPort, ComputeSettings, PgdataPort, PostgresPort, StoragePort } from "./compute/ports.ts";
import { statusText } from "./compute/status.ts";
import { createStore } from "./compute/store.ts";
import { preloadsLibrary } from "./conf/preload-libraries.ts";
import { createAuthorizer } from "./http/do/authorizer.ts";
import { type RunningServer, startServer } from "./http/do/listener.ts";
import { routes } from "./http/routes/index.ts";
import { createMetrics } from "./metrics/registry.ts";
import { childEnvironment, postgresCommand } from "./postgres/command.ts";
import type { Connstr } from "./postgres/connstr.ts";
import type { PostgresInstallation } from "./postgres/installation.ts";
import type { OsUser } from "./postgres/os-user.ts";
import type { ComputeCtlConfig, DerivedSpec } from "./spec/types.ts";

/** Everything that is known when a compute is put together. */
export interface Facts {
  readonly settings: ComputeSettings;
  readonly computeId: string;
  readonly externalHttpPort: number;
  readonly buildTag: string;
  readonly instanceId: string | undefined;
  readonly autoscaling: boolean;
  readonly basebackupRetriesMax: number;
  readonly computeCtlConfig: ComputeCtlConfig;
  readonly spec: DerivedSpec | null;
  readonly connstr: Connstr;
  readonly installation: PostgresInstallation;
  /** The user to run Postgres as; null for this program's own. */
  readonly osUser: OsUser | null;
  /** This program's own environment, which children inherit. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Where a compute writes, and what time it is for it. */
export interface Surroundings {
  readonly log: Log;
  readonly clock: Clock;
  /** Takes records of Postgres's log. */
  readonly onPostgresRecords: (records: readonly string[]) => void;
}

/** A compute with its servers. */
export interface Composition {
  readonly compute: Compute;
  /** Opens both HTTP servers (LIFE-5). @throws BindError when a port cannot be had; none is open then */
  listen(): Promise<readonly RunningServer[]>;
  /** What must be finished before the process ends, such as the removal of an old data directory. */
  settle(): Promise<void>;
}

// What a start needs only after its first HTTP answer is loaded when it is needed.
const loadPgdata = once(async () => ({
  ...(await import("./conf/do/prepare-pgdata.ts")),
  ...(await import("./conf/do/finish-pgdata.ts")),
  ...(await import("./conf/do/write-files.ts")),
}));
const loadTls = once(() => import("./conf/do/tls-files.ts"));
const loadSafekeepers = once(() => import("./storage/do/safekeeper-status.ts"));
const loadSync = once(() => import("./storage/do/sync-process.ts"));
const loadBasebackup = once(() => import("./storage/do/basebackup.ts"));
const loadPostmaster = once(() => import("./postgres/do/postmaster.ts"));
const loadLeftoverPostmaster = once(() => import("./postgres/do/leftover-postmaster.ts"));
const loadLogPump = once(() => import("./postgres/do/log-pump.ts"));
const loadSession = once(() => import("./postgres/do/session.ts"));
const loadCatalog = once(() => import("./catalog/do/apply-catalog.ts"));

const connectLimitMs = 30_000;
/** From SIGQUIT to SIGKILL of a Postgres that did not heed a fast shutdown: a supervisor will not wait much longer (LIFE-36). */
const quitMsMax = 1_000;
/** How long a safekeeper may take to tell its status: little where a full sync can settle the matter (SK-10). */
const safekeeperMsMax = { beforeSync: 100, withoutSync: 2_000 } as const;

/** Puts a compute together. Nothing is opened or started yet. */
export function compose(facts: Facts, surroundings: Surroundings): Composition {
  const { log, clock } = surroundings;
  const metrics = createMetrics(facts.buildTag);
  const store = createStore(clock.now(), (before, after) => {
    log.info(`Changing compute status from ${statusText(before)} to ${statusText(after)}`);
    metrics.showStatus(statusText(after));
  });
  const removals: Promise<void>[] = [];
  const ports = {
    log,
    clock,
    server: facts.installation,
    pgdata: pgdataPort(facts, surroundings, removals),
    storage: storagePort(facts, surroundings),
    postgres: postgresPort(facts, surroundings),
    catalog: catalogPort(facts, surroundings),
  };
  const compute = createCompute(ports, facts.settings, store, facts.spec);
  return {
    compute,
    async listen() {
      const shared = { routes, services: { control: compute.control, metricsText: metrics.text } };
      const access = { computeId: facts.computeId, jwks: facts.computeCtlConfig.jwks, instanceId: facts.instanceId };
      const authorize = createAuthorizer(access, { log, clock });
      const external = {
        ...shared,
        authorize,
        name: "external",
        port: facts.externalHttpPort,
        addresses: "all",
      } as const;
      const internal = {
        ...shared,
        authorize,
        name: "internal",
        port: facts.settings.internalHttpPort,
        addresses: "loopback",
      } as const;
      const first = await startServer(external, { log, clock });
      try {
        return [first, await startServer(internal, { log, clock })];
      } catch (error) {
        await first.close(0);
        throw error;
      }
    },
    settle: async () => void (await Promise.all(removals)),
  };
}

function pgdataPort(facts: Facts, { log }: Surroundings, removals: Promise<void>[]): PgdataPort {
  const { pgdata, lakebasePort } = facts.settings;
  const owner: Owner | null = facts.osUser;
  const warnAll = (warnings: readonly string[]): void => {
    for (const warning of warnings) log.warn(warning);
  };
  return {
    async recreate() {
      const [{ preparePgdata }, { endLeftoverPostmaster }] = await Promise.all([
        loadPgdata(),
        loadLeftoverPostmaster(),
      ]);
      await endLeftoverPostmaster(pgdata, log);
      const { oldRemoved } = await preparePgdata({ pgdata, owner, keepGoing: lakebasePort !== null });
      removals.push(oldRemoved.then(warnAll));
    },
    async writeConf(text) {
      await (await loadPgdata()).writePostgresqlConf(pgdata, text, owner);
    },
    async copyTlsFiles(paths, signal) {
      await (await loadTls()).installTls({ paths, pgdata, owner, log, signal });
    },
    async finish({ spec }) {
      const { finishPgdata } = await loadPgdata();
      const { major } = facts.installation;
      const { mode, databricksSettings } = spec;
      warnAll(
        await finishPgdata({ pgdata, owner, major, mode: mode.kind, hbaMethod: "md5", databricks: databricksSettings }),
      );
    },
    async writeOverride(text) {
      await (await loadPgdata()).writeOverride(pgdata, text, owner);
    },
  };
}

function storagePort(facts: Facts, { log, clock, onPostgresRecords }: Surroundings): StoragePort {
  const { pgdata } = facts.settings;
  const owner: Owner | null = facts.osUser;
  let doubt: string | null = null;

  async function quorum(spec: DerivedSpec, signal: AbortSignal) {
    const { checkSafekeepers } = await loadSafekeepers();
    const { tenantId, timelineId, storageAuthToken: token } = spec;
    const askMsMax = facts.installation.hasLibrary("neon") ? safekeeperMsMax.beforeSync : safekeeperMsMax.withoutSync;
    const check = { hostPorts: spec.safekeepers.hostPorts, tenantId, timelineId, token, askMsMax };
    const outcome = await checkSafekeepers(check, { log: log.span("check_safekeepers_synced"), signal });
    doubt = outcome.kind === "synced" ? null : outcome.why;
    return outcome;
  }

  async function runSync(
    kind: "syncSafekeepersAtStart" | "syncSafekeepersOnce",
    spec: DerivedSpec,
    signal: AbortSignal,
  ) {
    const [sync, { pumpLog }] = await Promise.all([loadSync(), loadLogPump()]);
    const stderr = new PassThrough();
    pumpLog(stderr, onPostgresRecords);
    const command = {
      pgbin: facts.installation.pgbin,
      pgdata,
      env: childEnvironment({ environment: facts.environment, home: facts.osUser?.home ?? null }),
      token: spec.storageAuthToken,
      owner,
      cgexec: facts.autoscaling,
      doubt,
    };
    const onStderr = (chunk: Buffer): void => void stderr.write(chunk);
    try {
      const { lsn } = await sync[kind](command, { log: log.span("sync_safekeepers"), clock, signal, onStderr });
      log.info("synced safekeepers", { lsn: formatLsn(lsn) });
      return lsn;
    } finally {
      stderr.end();
    }
  }

  return {
    async checkSafekeepers(spec, signal) {
      // What the next step needs loads while the safekeepers are asked.
      loadBasebackup().catch(() => {});
      const outcome = await quorum(spec, signal);
      return outcome.kind === "synced" ? outcome.lsn : undefined;
    },
    syncSafekeepers: (spec, signal) => runSync("syncSafekeepersAtStart", spec, signal),
    async finalLsn(spec, signal) {
      if (facts.installation.hasLibrary("neon")) return runSync("syncSafekeepersOnce", spec, signal);
      // Stock Postgres writes to no safekeeper: they stand where they stood, if they can be asked at all.
      const outcome = await quorum(spec, signal);
      return outcome.kind === "synced" ? outcome.lsn : null;
    },
    async fetchBasebackup(spec, lsn, signal) {
      const { fetchBasebackup } = await loadBasebackup();
      const { tenantId, timelineId, pageservers, storageAuthToken: token } = spec;
      const { basebackupRetriesMax: retriesMax } = facts;
      const osUser = facts.osUser?.name ?? "postgres";
      return fetchBasebackup(
        { tenantId, timelineId, pageservers, lsn, mode: spec.spec.mode, token, pgdata, owner, retriesMax, osUser },
        { log: log.span("get_basebackup", { lsn: formatLsn(lsn) }), clock, signal },
      );
    },
  };
}

function postgresPort(facts: Facts, { log, onPostgresRecords }: Surroundings): PostgresPort {
  const { pgdata } = facts.settings;
  return {
    async start(spec) {
      const { startPostmaster, stopPostmaster, quitPostmaster } = await loadPostmaster();
      const { command, args, env } = postgresCommand({
        pgbin: facts.installation.pgbin,
        pgdata,
        autoscaling: facts.autoscaling,
        environment: facts.environment,
        storageAuthToken: spec.storageAuthToken,
        home: facts.osUser?.home ?? null,
        databricks: facts.settings.lakebasePort === null ? null : databricksFacts(facts, spec),
      });
      const postmaster = await startPostmaster(
        { command, args, env, cwd: pgdata, owner: facts.osUser, pgdata, onRecords: onPostgresRecords },
        // Nothing but the end of Postgres ends this wait: whoever gives up stops the process.
        { log: log.span("start_postgres"), signal: new AbortController().signal },
      );
      const { pid, ready, exited } = postmaster;
      return {
        pid,
        ready,
        exited,
        reload: () => postmaster.kill("SIGHUP"),
        stop: async (fastMs) => void (await stopPostmaster(postmaster, { fastMs, quitMs: quitMsMax }, log)),
        quit: () => quitPostmaster(postmaster, log),
      };
    },
    warmSession() {
      loadCatalog().catch(() => {});
      void loadSession().then(
        ({ warmSession }) => warmSession(),
        () => {},
      );
    },
  };
}

function databricksFacts(facts: Facts, { spec }: DerivedSpec) {
  const [endpoint = ""] = facts.computeId.split("/");
  return {
    endpointId: facts.instanceId ?? endpoint,
    workspaceHost: spec.databricksSettings?.workspaceHost ?? "",
  };
}

function catalogPort(facts: Facts, { log, clock }: Surroundings): CatalogPort {
  let appliedOperationUuid: string | null = null;
  return {
    async apply(spec, concurrency, signal) {
      const [{ applyCatalog }, { createOpenSession }] = await Promise.all([loadCatalog(), loadSession()]);
      const input = {
        spec,
        privilegedRoleName: facts.settings.privilegedRoleName,
        concurrency,
        neonRequired: preloadsLibrary(spec.spec.cluster, "neon"),
        appliedOperationUuid,
      };
      const openSession = createOpenSession(facts.connstr, { connectLimitMs });
      await applyCatalog(input, { openSession, log: log.span("apply_config"), clock, signal });
      appliedOperationUuid = spec.spec.operationUuid;
    },
  };
}
