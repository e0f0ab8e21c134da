import { unlessAborted } from "../base/deadline.ts";
import { describeError } from "../base/error-chain.ts";
import type { Log } from "../base/log.ts";
import type { OpenSession } from "../base/sql.ts";
import type { VmMonitorPort } from "../compute/ports.ts";
import type { Metrics } from "../metrics/registry.ts";
import { parseAnyConnstr } from "../postgres/connstr.ts";
import type { DerivedSpec } from "../spec/types.ts";
import { parseSocketAddress } from "../vm-monitor/address.ts";
import type { SessionNews } from "../vm-monitor/news.ts";
import { notListening, type ScalingView } from "../vm-monitor/view.ts";
import { cacheSessions, ownCacheSessions } from "./cache-sessions.ts";
import type { Facts, Surroundings, VmMonitorFacts } from "./facts.ts";
import { loadVmMonitor } from "./load.ts";

/** What an agent is told when the monitor ends with Postgres. */
const farewell = "the compute is shutting down";

/** The vm-monitor of a VM compute; nothing at all elsewhere (VM-1). */
export function vmMonitorPort(facts: Facts, surroundings: Surroundings): VmMonitorPort {
  const { vmMonitor } = facts;
  const log = surroundings.log.span("vm_monitor");
  let view: ScalingView | null = null;

  async function serve(wanted: VmMonitorFacts, spec: DerivedSpec, signal: AbortSignal): Promise<void> {
    const address = parseSocketAddress(wanted.address);
    if (address === undefined) {
      throw new Error(`'${wanted.address}' of --vm-monitor-addr is no IP address with a port, such as 0.0.0.0:10301`);
    }
    const { startVmMonitor, usualPlaces, parsePeers } = await loadVmMonitor();
    const monitor = await startVmMonitor(
      {
        address,
        peers: wanted.allow === null ? undefined : parsePeers(wanted.allow),
        cgroup: wanted.cgroup,
        places: { ...usualPlaces, root: wanted.cgroupRoot },
        openSession: spec.spec.disableLfcResizing === true ? null : sessionsFor(facts, wanted, log),
      },
      {
        log,
        clock: surroundings.clock,
        onNews: (news) => count(surroundings.metrics, news),
        onChange: (changed) => {
          view = changed;
          show(surroundings.metrics, changed);
        },
      },
    );
    await unlessAborted(new Promise<never>(() => {}), signal).catch(() => {});
    await monitor.close(farewell);
  }

  return {
    async run(spec, signal) {
      if (vmMonitor === null || signal.aborted) return;
      try {
        if (facts.settings.platform !== "linux") throw new Error("it works on Linux only");
        await serve(vmMonitor, spec, signal);
      } catch (error) {
        // Scaling is out of order then, the compute is not (trap 11 of chapter 07).
        const problem = `the vm-monitor cannot be started, so this compute is not scaled: ${describeError(error)}`;
        log.error(problem);
        view = { ...notListening, problem };
      }
    },
    view: () => view,
  };
}

/** Null when the connection string that was given cannot be used: the file cache is left alone then. */
function sessionsFor({ connstr }: Facts, { filecacheConnstr }: VmMonitorFacts, log: Log): OpenSession | null {
  if (filecacheConnstr === null) return ownCacheSessions(connstr);
  const parsed = parseAnyConnstr(filecacheConnstr);
  if (parsed.ok) return cacheSessions(parsed.value);
  log.error(`--filecache-connstr cannot be used, so the file cache is left alone: ${parsed.message}`);
  return null;
}

function count(metrics: Metrics, news: SessionNews): void {
  if (news.kind === "answered") {
    metrics.add("compute_ctl_vm_monitor_requests_total", { type: news.type, outcome: news.outcome }, 1);
  } else if (news.kind === "upscale-requested") {
    metrics.add("compute_ctl_vm_monitor_upscale_requests_total", { reason: news.reason }, 1);
  }
}

function show(metrics: Metrics, { session }: ScalingView): void {
  const only = (value: number | null) => (value === null ? [] : [{ labels: {}, value }]);
  const state = session?.stage ?? "none";
  metrics.replaceAll("compute_ctl_vm_monitor_session", [{ labels: { state }, value: 1 }]);
  metrics.replaceAll("compute_ctl_vm_monitor_memory_average_bytes", only(session?.averageBytes ?? null));
  metrics.replaceAll("compute_ctl_vm_monitor_memory_threshold_bytes", only(session?.thresholdBytes ?? null));
  if (session === null || session.fileCacheBytes === null) return;
  metrics.set("compute_ctl_vm_monitor_file_cache_bytes", {}, session.fileCacheBytes);
}
