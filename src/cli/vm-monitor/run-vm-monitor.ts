import { systemClock } from "../../base/clock.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { cacheSessions } from "../../compose/cache-sessions.ts";
import { parseLogFilter } from "../../logging/filter.ts";
import { createLog } from "../../logging/log.ts";
import { logPanic } from "../../logging/panic.ts";
import { createStderrSink } from "../../logging/stderr-sink.ts";
import { describeConnstr } from "../../postgres/connstr.ts";
import { usualPlaces } from "../../vm-monitor/do/cgroup.ts";
import { startVmMonitor } from "../../vm-monitor/do/vm-monitor.ts";
import { exitCodes } from "../exit-codes.ts";
import { commandUsageText } from "../usage.ts";
import { versionText } from "../version.ts";
import { readVmMonitorOptions, type VmMonitorInvocation, vmMonitorOptionTable } from "./options.ts";

const farewellMsMax = 2_000;
const signals = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"] as const;

/**
 * Runs the vm-monitor as a program of its own (VM-3), until a signal ends it.
 * @returns 0 after a signal, 1 when it cannot listen or breaks down
 * @throws UsageError for a command line that cannot be used
 */
export async function runVmMonitor(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const invocation = readVmMonitorOptions(argv);
  if (invocation.kind === "help") {
    process.stdout.write(commandUsageText("vm-monitor", vmMonitorOptionTable));
    return 0;
  }
  if (invocation.kind === "version") {
    process.stdout.write(versionText());
    return 0;
  }
  const sink = createStderrSink(process.stderr, systemClock, { format: "json" });
  const filter = parseLogFilter(env["RUST_LOG"]);
  const log = createLog({ write: sink.write, clock: systemClock, format: "json", filter });
  try {
    return await serve(invocation, log);
  } catch (error) {
    log.error(`cannot start the vm-monitor: ${describeError(error)}`);
    return exitCodes.failure;
  } finally {
    await sink.flush(farewellMsMax);
  }
}

async function serve(
  { address, cgroup, cgroupRoot, connstr, peers }: VmMonitorInvocation & { readonly kind: "run" },
  log: Log,
): Promise<number> {
  const ended = untilEnded(log);
  log.info("starting the vm-monitor", {
    cgroup: cgroup ?? "(none)",
    postgres: connstr === null ? "(none)" : describeConnstr(connstr.connstr),
  });
  const monitor = await startVmMonitor(
    {
      address,
      peers,
      cgroup,
      places: cgroupRoot === null ? usualPlaces : { ...usualPlaces, root: cgroupRoot },
      openSession: connstr === null ? null : cacheSessions(connstr),
    },
    { log, clock: systemClock },
  );
  const code = await ended;
  await monitor.close("the vm-monitor is shutting down");
  return code;
}

/** Resolves to the exit code at the first signal; a second one ends the program at once. */
function untilEnded(log: Log): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  let seen = false;
  for (const name of signals) {
    process.on(name, () => {
      log.info(`received ${name}`);
      if (seen) process.exit(exitCodes.failure);
      seen = true;
      resolve(0);
    });
  }
  process.on("uncaughtException", (error) => {
    logPanic(log, error, "main");
    resolve(exitCodes.failure);
  });
  return promise;
}
