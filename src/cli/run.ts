import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { systemClock } from "../base/clock.ts";
import { DeadlineError, withDeadline } from "../base/deadline.ts";
import { describeError, describeErrorForStatus } from "../base/error-chain.ts";
import type { Log } from "../base/log.ts";
import { type Composition, compose } from "../compose/compose.ts";
import type { VmMonitorFacts } from "../compose/facts.ts";
import { logPanic } from "../logging/panic.ts";
import { createMetrics, type Metrics } from "../metrics/registry.ts";
import { createSessionLedger } from "../monitor/session-ledger.ts";
import { type Connstr, parseConnstr } from "../postgres/connstr.ts";
import { locatePostgres } from "../postgres/do/installation.ts";
import { chooseOsUser } from "../postgres/do/os-user.ts";
import { describeRefusal } from "../spec/describe-refusal.ts";
import { deriveFirstSpec } from "../spec/first-spec.ts";
import type { Config, DerivedSpec } from "../spec/types.ts";
import { createNotifier } from "../supervisor/do/notify.ts";
import type { Environment } from "./environment.ts";
import { exitCodes } from "./exit-codes.ts";
import { loadConfig, reloadConfig, sourceName } from "./load-config.ts";
import type { Options } from "./options.ts";
import { createVoice, type Voice } from "./voice.ts";
import type { WaitingRoom } from "./waiting-room.ts";

/** How long the last log lines and requests may take to leave. */
const farewellMsMax = 2_000;
/** How long HTTP is served after the end when nobody has to read an outcome (LIFE-35). */
const shortLingerMs = 300;

/** SIGHUP, which the original leaves to its default, would end this program and not Postgres. */
const signalNumbers = { SIGINT: 2, SIGTERM: 15, SIGQUIT: 3, SIGHUP: 1 } as const;

/**
 * Runs a compute from its command line to its exit code (LIFE-1). Until the config is good and Postgres is found, nothing is
 * created or listened on; what goes wrong until then is told on stderr.
 */
export async function run(options: Options, environment: Environment, warnings: readonly string[]): Promise<number> {
  const voice = createVoice(options, environment, process.env, systemClock);
  const { log } = voice;
  const interruption = handleSignals(log);
  log.info(`compute build_tag: ${environment.buildTag}`);
  for (const warning of warnings) log.warn(warning);
  try {
    const composition = await prepare(options, environment, voice, interruption.signal);
    interruption.takeOver(composition);
    return options.check ? await check(composition, log) : await live(composition, log);
  } catch (error) {
    if (!interruption.signal.aborted) voice.sayError(describeErrorForStatus(error));
    return exitCodes.failure;
  } finally {
    log.info("shutting down");
    await voice.flush(farewellMsMax);
  }
}

async function live({ compute, listen, settle }: Composition, log: Log): Promise<number> {
  const servers = await listen();
  if (process.pid === 1) adoptOrphans(log);
  try {
    return await compute.run();
  } finally {
    // What is not removed by then is the next start's to remove.
    await Promise.all([settleWithin(farewellMsMax, settle), ...servers.map((server) => server.close(farewellMsMax))]);
  }
}

/** The first process of a container inherits every orphan. No start waits for what that loads. */
function adoptOrphans(log: Log): void {
  import("../supervisor/do/reap-orphans.ts")
    .then(({ reapOrphans }) => reapOrphans(log))
    .catch((error: unknown) => log.warn(`as process 1 this program cannot reap orphans: ${describeError(error)}`));
}

/** Everything that a start needs is there: what remains to be seen is whether the ports are free. */
async function check({ listen }: Composition, log: Log): Promise<number> {
  const servers = await listen();
  await Promise.all(servers.map((server) => server.close(0)));
  log.info("checked: the command line, the config, Postgres and the HTTP ports are good");
  return 0;
}

async function settleWithin(limitMs: number, settle: () => Promise<void>): Promise<void> {
  try {
    await withDeadline("settling", limitMs, new AbortController().signal, settle);
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
  }
}

/** Everything before the first port is opened: the config, Postgres, the user to run it as. */
async function prepare(
  options: Options,
  environment: Environment,
  voice: Voice,
  signal: AbortSignal,
): Promise<Composition> {
  const { log } = voice;
  const metrics = createMetrics(environment.buildTag);
  const connstr = readConnstr(options);
  // Asking Postgres for its version takes as long as reading a config; a bad config is told first, though.
  const locating = locatePostgres({ pgbin: options.pgbin, path: environment.path }, signal);
  locating.catch(() => {});
  const waiting = lateWaitingRoom(options, voice, metrics);
  const config = await loadConfig(options, environment, { log, metrics, onWait: waiting.say }, signal);
  const installation = await locating;
  const spec = derive(config, options, log);
  if (config.computeCtlConfig.jwks.length === 0 && environment.instanceId === undefined) {
    log.warn("compute_ctl_config.jwks has no keys: every route that needs a token will answer 401");
  }
  const osUser = await chooseOsUser({ asRoot: process.getuid?.() === 0, wanted: options.postgresUser });
  log.info(`Postgres ${installation.version} at ${installation.pgbin}`, { user: osUser?.name });
  const composition = compose(
    {
      settings: {
        pgdata: resolve(options.pgdata),
        privilegedRoleName: options.privilegedRoleName,
        internalHttpPort: options.internalHttpPort,
        connstrPort: connstr.port,
        lakebasePort: options.lakebaseMode ? connstr.port : null,
        driftCheckMs: options.driftCheckSeconds === null ? null : options.driftCheckSeconds * 1000,
        startMsMax: options.lakebaseMode ? options.pgInitTimeoutSeconds * 1000 : null,
        tls: config.computeCtlConfig.tls,
        overcommitMemory: readIfThere("/proc/sys/vm/overcommit_memory"),
        platform: process.platform === "darwin" ? "darwin" : "linux",
        holdConnections: options.holdConnections,
        lingerMs: { long: options.terminateLingerSeconds * 1000, short: shortLingerMs },
      },
      services: {
        hostRoot: options.hostRoot,
        isLeftAlone: options.dev,
        permissions: { resizeSwap: options.resizeSwapOnBind, quotaMount: options.diskQuotaMount },
        auditVariables: { endpoint: environment.auditEndpoint, tlsEndpoint: environment.auditTlsEndpoint },
        pgbouncerPassword: environment.pgbouncerPassword,
      },
      httpListenAddr: options.httpListenAddr,
      internalListenAddr: options.internalListenAddr,
      strict: options.strict,
      pgHbaMethod: options.pgHbaMethod,
      rotateJwks: options.rotateJwks,
      writePasswordsDirectly: options.writePasswordsDirectly,
      remoteExtBaseUrl: options.remoteExtBaseUrl,
      prefetchExtensions: options.prefetchExtensions,
      extensionStatisticsSeconds: options.extensionStatisticsSeconds,
      traceParent: environment.traceParent,
      computeId: options.computeId ?? derivedComputeId(spec),
      externalHttpPort: options.externalHttpPort,
      buildTag: environment.buildTag,
      instanceId: environment.instanceId,
      memoryCgroup: environment.autoscaling ? options.cgroup : null,
      vmMonitor: environment.autoscaling ? vmMonitorFacts(options) : null,
      syncSafekeepers: options.syncSafekeepers,
      basebackupCompression: options.basebackupCompression,
      storageCaFile: options.storageCaFile === null ? null : resolve(options.storageCaFile),
      syncMsMax: options.syncTimeoutSeconds * 1000,
      basebackupRetriesMax: environment.basebackupRetriesMax,
      failingMigration: environment.failpoints.migration,
      computeCtlConfig: config.computeCtlConfig,
      spec,
      connstr,
      sessionLedger: createSessionLedger(),
      installation,
      osUser,
      environment: process.env,
      loadConfig: (signal) => reloadConfig(options, environment, { log, metrics }, signal),
    },
    {
      ...voice,
      clock: systemClock,
      metrics,
      identify: voice.directory?.identify ?? null,
      notifier: createNotifier(process.env, log),
    },
  );
  return {
    ...composition,
    async listen() {
      await waiting.close();
      return composition.listen();
    },
  };
}

/** Loaded when a control plane makes us wait: no other start needs it. */
function lateWaitingRoom(options: Options, voice: Voice, metrics: Metrics): WaitingRoom {
  let room: WaitingRoom | undefined;
  return {
    async say(reason) {
      if (options.strict) return;
      const { createWaitingRoom } = await import("./waiting-room.ts");
      room ??= createWaitingRoom(options, voice, metrics);
      await room.say(reason);
    },
    async close() {
      await room?.close();
    },
  };
}

function vmMonitorFacts(options: Options): VmMonitorFacts {
  const { vmMonitorAddr: address, vmMonitorAllow: allow, cgroup, cgroupRoot, filecacheConnstr } = options;
  return { address, allow, cgroup, cgroupRoot: resolve(cgroupRoot), filecacheConnstr };
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function readConnstr(options: Options): Connstr {
  const connstr = parseConnstr(options.connstr);
  if (!connstr.ok) throw new Error(connstr.message);
  return connstr.value;
}

function derive(config: Config, options: Options, log: Log): DerivedSpec | null {
  const derived = deriveFirstSpec(config);
  if (!derived.ok) throw new Error(describeRefusal(derived.refusal, sourceName(options.source)));
  for (const warning of derived.warnings) log.warn(warning);
  return derived.value;
}

/** Who a compute is when the oldest spec options leave that open (CLI-8). */
function derivedComputeId(spec: DerivedSpec | null): string {
  return spec?.spec.endpointId ?? spec?.spec.cluster.clusterId ?? hostname();
}

/** The signals that end the process (LIFE-36): the first one in an orderly way, the second one at once. */
function handleSignals(log: Log): { readonly signal: AbortSignal; takeOver(composition: Composition): void } {
  const early = new AbortController();
  let composition: Composition | undefined;
  const interrupt = (reason: Error): void => {
    if (early.signal.aborted) {
      composition?.compute.abandon();
      process.exit(exitCodes.failure);
    }
    early.abort(reason);
    composition?.compute.interrupt(reason);
  };
  for (const [name, number] of Object.entries(signalNumbers)) {
    process.on(name, () => {
      log.info(`received ${number} termination signal`);
      interrupt(new Error(`received ${name}`));
    });
  }
  process.on("uncaughtException", (error) => {
    logPanic(log, error, "main");
    interrupt(error);
  });
  return {
    signal: early.signal,
    takeOver(taken) {
      composition = taken;
      if (early.signal.aborted) taken.compute.interrupt(new Error("interrupted", { cause: early.signal.reason }));
    },
  };
}
