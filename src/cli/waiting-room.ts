import { systemClock } from "../base/clock.ts";
import { sleep } from "../base/deadline.ts";
import type { Log } from "../base/log.ts";
import type { StatusView } from "../compute/control.ts";
import { type RunningServer, startServer } from "../http/do/listener.ts";
import type { Services } from "../http/route.ts";
import { waitingRoutes } from "../http/routes/waiting.ts";
import type { Metrics } from "../metrics/registry.ts";
import type { Options } from "./options.ts";
import type { Voice } from "./voice.ts";

/** Answers while there is no config yet. */
export interface WaitingRoom {
  /** Opens the external port, if it is not open yet, and says why there is no config. @throws BindError */
  say(reason: string): Promise<void>;
  /** Stops listening: the compute's own servers come next. */
  close(): Promise<void>;
}

/** How long requests in progress may take when the compute's own servers are about to open. */
const closeMsMax = 500;

/**
 * Lets probes and people see what a program waits for that cannot start for want of a config (FIELD-3). Its status is `init`:
 * a spec may come, and local tooling takes `empty` for the end of its hopes (LIFE-5). Nothing is opened before the first
 * failure.
 */
export function createWaitingRoom(
  options: Options,
  { log, tracer }: Pick<Voice, "log" | "tracer">,
  metrics: Metrics,
): WaitingRoom {
  const startTime = systemClock.now();
  let waitingFor = "";
  let opening: Promise<RunningServer> | undefined;
  const view = (): StatusView => ({
    ...{ startTime, tenant: null, timeline: null, status: "init", lastActiveMicros: null },
    error: `waiting for the control plane: ${waitingFor}`,
  });
  return {
    async say(reason) {
      waitingFor = reason;
      opening ??= open(options, { log, tracer }, metrics, view);
      await opening;
    },
    async close() {
      const server = await opening?.catch(() => undefined);
      await server?.close(closeMsMax);
    },
  };
}

function open(
  options: Options,
  { log, tracer }: { readonly log: Log; readonly tracer: Voice["tracer"] },
  metrics: Metrics,
  view: () => StatusView,
): Promise<RunningServer> {
  const services: Pick<Services, "metrics"> & { control: Pick<Services["control"], "status" | "waitForStatus"> } = {
    metrics,
    control: {
      status: view,
      async waitForStatus(_wanted, limitMs, signal) {
        // No other status comes here.
        await sleep(limitMs, signal).catch(() => {});
        return view();
      },
    },
  };
  return startServer(
    {
      name: "external",
      port: options.externalHttpPort,
      addresses: options.httpListenAddr === null ? "all" : { hosts: [options.httpListenAddr] },
      routes: waitingRoutes,
      // The waiting routes look at nothing else.
      services: services as Services,
      authorize: async () => undefined,
    },
    { log, clock: systemClock, tracer },
  );
}
