import { access } from "node:fs/promises";
import { join } from "node:path";
import { unlessAborted, withDeadline } from "../base/deadline.ts";
import { describeError } from "../base/error-chain.ts";
import { once } from "../base/once.ts";
import type { ServicesPort } from "../compute/ports.ts";
import { activeTls } from "../conf/active-tls.ts";
import type { Metrics } from "../metrics/registry.ts";
import { childEnvironment } from "../postgres/command.ts";
import { type HostCommand, hostCommands } from "../services/host-commands.ts";
import { hostPaths } from "../services/host-paths.ts";
import { renderLocalProxyConfig } from "../services/local-proxy.ts";
import type { AdminConsole } from "../services/pgbouncer.ts";
import { type RsyslogWish, rsyslogWish } from "../services/rsyslog.ts";
import { type ServiceName, type ServiceView, serviceNames, unusedService } from "../services/service-view.ts";
import type { ComputeSpec } from "../spec/types.ts";
import type { Facts, Surroundings } from "./facts.ts";
import { loadServices, loadSession, loadStopServices } from "./load.ts";

const consoleConnectMsMax = 3_000;
/** A pooler's console knows none of the startup options of our own sessions. */
const plainIdentity = { applicationName: "compute_ctl:pgbouncer", options: "" };
/** Two signals and the reading of their pid files; Postgres waits for its own meanwhile. */
const stopMsMax = 1_000;

/** The services of this host; what no spec asks for is never loaded. */
export function servicesPort(
  facts: Facts,
  surroundings: Surroundings,
  metrics: Metrics,
): ServicesPort & { close(): Promise<void> } {
  const { log, clock } = surroundings;
  const { isLeftAlone, permissions, hostRoot } = facts.services;
  const paths = hostPaths(hostRoot);
  const closing = new AbortController();
  const began = clock.now();
  const views = new Map<ServiceName, ServiceView>();
  const background = new Set<Promise<void>>();
  const supervise = once(async () => makeSupervisors(facts, surroundings, showIn(views, metrics)));
  let cleaning: Promise<void> | undefined;
  let rsyslogTurn = 0;

  /** Does something that nobody waits for; its failure is a line in the log. */
  function inBackground(level: "warn" | "error", service: ServiceName, work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => {
        if (!closing.signal.aborted) log[level](`could not configure ${service}: ${describeError(error)}`);
      })
      .finally(() => background.delete(running));
    background.add(running);
  }

  function localProxyText(spec: ComputeSpec): string | undefined {
    const { localProxyConfig } = spec;
    return localProxyConfig === null
      ? undefined
      : renderLocalProxyConfig(localProxyConfig, activeTls(spec, facts.settings.tls));
  }

  async function configureRsyslog(wish: RsyslogWish, signal: AbortSignal): Promise<void> {
    rsyslogTurn += 1;
    const turn = rsyslogTurn;
    if (wish.audit === null) {
      inBackground("warn", "rsyslog", async () => {
        const wanted = wish.export !== null || (await exists(paths.auditConf)) || (await exists(paths.exportConf));
        // While the files were looked for, a newer wish may have come (SVC-T10).
        if (wanted && turn === rsyslogTurn) await (await supervise()).rsyslog.want(wish);
      });
      return;
    }
    await unlessAborted((await supervise()).rsyslog.want(wish), signal);
    cleaning ??= keepClean();
  }

  async function keepClean(): Promise<void> {
    const { keepAuditLogsClean } = await loadServices();
    const folder = join(facts.settings.pgdata, "log");
    const onSize = (bytes: number): void => metrics.set("compute_audit_log_dir_size", {}, bytes);
    const now = clock.now;
    await keepAuditLogsClean({ folder, stateFolder: paths.rsyslogState, log, onSize, now }, closing.signal);
  }

  return {
    async prepareHost({ spec }, signal) {
      if (facts.memoryCgroup !== null) {
        const { requireCgexec } = await import("../services/do/find-cgexec.ts");
        await requireCgexec(facts.memoryCgroup, facts.environment["PATH"] ?? "");
      }
      const commands = hostCommands(spec, permissions, paths);
      if (commands.length === 0) return;
      const supervisors = await supervise();
      const outcomes = await Promise.allSettled(
        commands.map((command) => supervisors[command.service].want({ command, signal })),
      );
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    },
    async configure({ spec }, signal) {
      const { auditVariables: variables } = facts.services;
      const wish = rsyslogWish(spec, { variables, paths, pgdata: facts.settings.pgdata });
      const { pgbouncerSettings: settings } = spec;
      if (settings !== null) {
        const tls = activeTls(spec, facts.settings.tls);
        inBackground("error", "pgbouncer", async () => (await supervise()).pgbouncer.want({ settings, tls }));
      }
      const text = localProxyText(spec);
      if (text !== undefined)
        inBackground("warn", "local_proxy", async () => (await supervise()).localProxy.want(text));
      await configureRsyslog(wish, signal);
    },
    async confirmLocalProxy({ spec }, signal) {
      const text = localProxyText(spec);
      if (text === undefined) return;
      const { LocalProxyMissingError } = await loadServices();
      try {
        await unlessAborted((await supervise()).localProxy.want(text), signal);
      } catch (cause) {
        // SVC-70: the warning of the background's attempt is enough.
        if (cause instanceof LocalProxyMissingError) return;
        signal.throwIfAborted();
        throw new Error("apply_config local_proxy", { cause });
      }
    },
    async stop() {
      if (isLeftAlone) return;
      await withDeadline("ending pgbouncer and local_proxy", stopMsMax, new AbortController().signal, async () => {
        const { stopPgbouncer, stopLocalProxy } = await loadStopServices();
        await stopPgbouncer(paths.pgbouncerPid, log);
        await stopLocalProxy({ log, pidFile: paths.localProxyPid });
      }).catch((error: unknown) => log.warn(describeError(error)));
    },
    view: () => serviceNames.map((service) => views.get(service) ?? unusedService(service, began)),
    async close() {
      closing.abort(new Error("the program ends"));
      if (views.size === 0 && background.size === 0) return;
      const { pgbouncer, localProxy, rsyslog, swap, disk_quota: quota } = await supervise();
      await Promise.all([pgbouncer, localProxy, rsyslog, swap, quota].map((supervisor) => supervisor.close()));
      await Promise.all([...background, cleaning]);
    },
  };
}

type Show = (before: ServiceView, after: ServiceView) => void;

/** Keeps the newest view of each service, and its figures (SVC-71). */
function showIn(views: Map<ServiceName, ServiceView>, metrics: Metrics): Show {
  return (before, after) => {
    const { service } = after;
    views.set(service, after);
    const samples = [...views.values()].map(({ service: name, state }) => ({
      labels: { service: name, state },
      value: 1,
    }));
    metrics.replaceAll("compute_ctl_service_state", samples);
    const retries = after.retries - before.retries;
    if (retries > 0) metrics.add("compute_ctl_retries_total", { kind: service }, retries);
    metrics.add("compute_ctl_service_failures_total", { service }, after.failures - before.failures);
  };
}

async function makeSupervisors(facts: Facts, { log, clock }: Surroundings, changed: Show) {
  const { hostRoot, pgbouncerPassword } = facts.services;
  const paths = hostPaths(hostRoot);
  const services = await loadServices();
  const { createSupervisor } = services;
  const ports = { clock, changed };
  const pgbouncer = {
    log: log.span("pgbouncer"),
    ini: facts.memoryCgroup !== null ? paths.pgbouncerIni.vm : paths.pgbouncerIni.plain,
    isVm: facts.memoryCgroup !== null,
    socketFolder: paths.pgbouncerSockets,
    password: pgbouncerPassword,
    openConsole,
  };
  const localProxy = { log: log.span("local_proxy"), config: paths.localProxyConfig, pidFile: paths.localProxyPid };
  const search = { pidFiles: paths.rsyslogPids, searchAll: hostRoot === "/" };
  const configureRsyslog = services.createRsyslogConfigurator({
    paths,
    restart: (signal) => services.restartRsyslogd(search, log.span("rsyslog"), signal),
  });
  const env = childEnvironment({ environment: facts.environment, home: null });
  const hostTool = (service: HostCommand["service"]) =>
    createSupervisor<{ readonly command: HostCommand; readonly signal: AbortSignal }>(
      service,
      ({ command, signal }, attempt) =>
        services.runHostCommand(command, { log, env }, AbortSignal.any([signal, attempt.signal])),
      ports,
    );
  return {
    pgbouncer: createSupervisor<Parameters<typeof services.configurePgbouncer>[0]>(
      "pgbouncer",
      (wish, attempt) => services.configurePgbouncer(wish, pgbouncer, attempt),
      ports,
    ),
    localProxy: createSupervisor<string>(
      "local_proxy",
      (text) => services.configureLocalProxy(text, localProxy),
      ports,
    ),
    rsyslog: createSupervisor<RsyslogWish>("rsyslog", configureRsyslog, ports),
    swap: hostTool("swap"),
    disk_quota: hostTool("disk_quota"),
  };
}

async function openConsole({ host, port, user, password, database }: AdminConsole) {
  const { createOpenSession } = await loadSession();
  const target = { host, port, user, password, database, options: null };
  return createOpenSession(target, { connectLimitMs: consoleConnectMsMax }, plainIdentity)({ purpose: "pgbouncer" });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
