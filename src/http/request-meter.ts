import type { Metrics } from "../metrics/registry.ts";
import type { ServerName } from "./route.ts";
import type { Match } from "./route-table.ts";

/** Counts one request. */
export interface RequestCount {
  /** @param seconds until the head of the response */
  answered(status: number, seconds: number): void;
  /** The response is over, body included, or the client is gone. */
  over(): void;
}

/** Counts the requests of one server. */
export type RequestMeter = (method: string, match: Match) => RequestCount;

/** Others share one label: a client could invent any number of them. */
const namedMethods: readonly string[] = ["GET", "HEAD", "POST", "DELETE"];

/** A meter that writes `compute_ctl_http_*` (MET-17). */
export function createRequestMeter(metrics: Metrics, server: ServerName): RequestMeter {
  let inFlight = 0;
  const showInFlight = (change: 1 | -1): void => {
    inFlight += change;
    metrics.set("compute_ctl_http_requests_in_flight", { server }, inFlight);
  };
  return (sentMethod, match) => {
    const method = namedMethods.includes(sentMethod) ? sentMethod : "other";
    const route = routeLabel(match);
    showInFlight(1);
    return {
      answered(status, seconds) {
        const code_class = `${Math.floor(status / 100)}xx`;
        metrics.add("compute_ctl_http_requests_total", { server, route, method, code_class }, 1);
        metrics.observe("compute_ctl_http_request_seconds", { server, route, method }, seconds);
      },
      over: () => showInFlight(-1),
    };
  };
}

function routeLabel(match: Match): string {
  switch (match.kind) {
    case "route":
      return match.route.path;
    case "wrong-method":
      return match.path;
    case "unknown-path":
      return "unknown";
  }
}
