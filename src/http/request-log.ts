import type { Log } from "../base/log.ts";
import type { Answer } from "./answer.ts";

/** Writes the lines at the two ends of a request (HTTP-16, HTTP-17). */
export interface RequestLog {
  started(): void;
  /** @param latencyMs until the head of the response */
  answered(answer: Answer, reason: string, latencyMs: number): void;
}

/** What the lines tell about a request. */
export interface LoggedRequest {
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly id: string;
  /** Whether all lines are written at level `debug`. */
  readonly isScrape: boolean;
}

/** The log of one request. Neither headers nor bodies are written, so no token can get into it. */
export function requestLog(serverLog: Log, { method, target, path, id, isScrape }: LoggedRequest): RequestLog {
  const log = serverLog.span("HTTP", { "http.request.method": method, "url.path": path });
  const note = (line: string): void => (isScrape ? log.debug(line) : log.info(line));
  const complain = (line: string): void => (isScrape ? log.debug(line) : log.error(line));
  return {
    started: () => note(`${method} ${target} request_id=${id}`),
    answered(answer, reason, latencyMs) {
      const latency = Math.round(latencyMs);
      if (answer.complaint !== undefined) complain(answer.complaint);
      note(`request_id=${id} code=${answer.status} latency=${latency}`);
      if (answer.status < 500) return;
      complain(`response failed classification=Status code: ${answer.status} ${reason} latency=${latency} ms`);
    },
  };
}
