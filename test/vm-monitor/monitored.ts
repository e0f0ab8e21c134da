import type { TestContext } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import type { Fields, Log } from "../../src/base/log.ts";
import { formatSocketAddress } from "../../src/vm-monitor/address.ts";
import { usualLimits } from "../../src/vm-monitor/do/hold-session.ts";
import { startVmMonitor, type VmMonitor, type VmMonitorOptions } from "../../src/vm-monitor/do/vm-monitor.ts";
import type { SessionNews } from "../../src/vm-monitor/news.ts";
import { type AgentDouble, dial } from "./agent-double.ts";
import { type CgroupFolder, makeCgroupFolder } from "./cgroup-folder.ts";
import { type LfcBehaviour, type LfcStub, startLfcStub } from "./lfc-stub.ts";

/** A running monitor, and what it is told by. */
export interface Monitored {
  readonly monitor: VmMonitor;
  readonly cgroup: CgroupFolder;
  readonly lfc: LfcStub;
  readonly url: string;
  readonly lines: readonly string[];
  readonly news: readonly SessionNews[];
  /** An agent that has greeted. */
  dial(greeting?: string | Uint8Array | null): Promise<AgentDouble>;
  /** An agent whose session has five samples of the memory use. */
  dialAndSettle(): Promise<AgentDouble>;
  /** Resolves when the monitor's state is as it should be. */
  until(holds: () => boolean): Promise<void>;
}

export interface MonitoredOptions {
  /** Whether a cgroup, a file cache are to be managed; both unless given. */
  readonly cgroup?: boolean;
  readonly fileCache?: boolean;
  readonly memTotalKib?: number;
  readonly lfc?: Partial<LfcBehaviour>;
  readonly limits?: Partial<VmMonitorOptions["limits"]>;
}

/** Starts a monitor on a port that the kernel chooses, with a folder for a cgroup and a stub for the LFC, until the test ends. */
export async function startMonitored(t: TestContext, options: MonitoredOptions = {}): Promise<Monitored> {
  const [cgroup, lfc] = [await makeCgroupFolder(options.memTotalKib), await startLfcStub(options.lfc)];
  const lines: string[] = [];
  const news: SessionNews[] = [];
  const watchers = new Set<() => void>();
  const changed = (): void => {
    for (const look of watchers) look();
  };
  const monitor = await startVmMonitor(
    {
      address: { host: "127.0.0.1", port: 0 },
      cgroup: options.cgroup === false ? null : cgroup.name,
      places: cgroup.places,
      openSession: options.fileCache === false ? null : lfc.openSession,
      limits: { ...usualLimits, ...options.limits },
    },
    {
      log: recordingLog(lines),
      clock: systemClock,
      onNews: (each) => {
        news.push(each);
        changed();
      },
      onChange: changed,
    },
  );
  t.after(async () => {
    lfc.close();
    await monitor.close("the test is over");
    await cgroup.remove();
  });
  const url = `ws://${formatSocketAddress(monitor.address)}/monitor`;
  const until = async (holds: () => boolean): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (holds()) resolve();
    };
    watchers.add(look);
    look();
    await promise;
    watchers.delete(look);
  };
  return {
    monitor,
    cgroup,
    lfc,
    url,
    lines,
    news,
    dial: (greeting) => dial(url, greeting),
    dialAndSettle: async () => {
      const agent = await dial(url);
      await until(() => monitor.view().session?.samples === 5);
      return agent;
    },
    until,
  };
}

function recordingLog(lines: string[]): Log {
  const at = (level: string) => (message: string, fields?: Fields) =>
    void lines.push(`${level}: ${message}${fields === undefined ? "" : ` ${JSON.stringify(fields)}`}`);
  const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), span: () => log };
  return log;
}
