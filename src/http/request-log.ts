import type { Log } from "../base/log.ts";
import type { Answer } from "./answer.ts";

/** Writes the lines at the two ends of a request (HTTP-16, HTTP-17). */
export interface RequestLog {
  started(): void;
  /** @param latencyMs until the head of the response */
  answered(answer: Answer, reason: string, latencyMs: number): void;
}

/** The log of one request. Neither headers nor bodies are written, so no token can get into it. */
export function requestLog(
  serverLog: Log,
  { method, target, path, id }: { method: string; target: string; path: string; id: string },
): RequestLog {
  const log = serverLog.span("HTTP", { "http.request.method": method, "url.path": path });
  return {
    started: () => log.info(`${method} ${target} request_id=${id}`),
    answered(answer, reason, latencyMs) {
      const latency = Math.round(latencyMs);
      if (answer.complaint !== undefined) log.error(answer.complaint);
      log.info(`request_id=${id} code=${answer.status} latency=${latency}`);
      if (answer.status < 500) return;
      log.error(`response failed classification=Status code: ${answer.status} ${reason} latency=${latency} ms`);
    },
  };
}
