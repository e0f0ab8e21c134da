import { randomUUID } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { Answer } from "../answer.ts";
import { limits } from "../limits.ts";
import type { Responder } from "../pipeline.ts";
import { answerRequest } from "../pipeline.ts";
import { givenRequestId } from "../request-id.ts";
import { requestLog } from "../request-log.ts";
import { splitTarget } from "../target.ts";
import type { Exchanges } from "./exchanges.ts";
import { readBody } from "./read-body.ts";

/** What serving a request needs besides the request. */
export interface ServeDeps {
  readonly responder: Responder;
  readonly exchanges: Exchanges;
  readonly log: Log;
  readonly clock: Clock;
}

/** Serves one request, from its head to the end of its response; whatever goes wrong stays inside. */
export function serveRequest(deps: ServeDeps, request: IncomingMessage, response: ServerResponse): void {
  const quiet = (error: unknown): void => deps.log.debug(`an HTTP client went away: ${describeError(error)}`);
  request.on("error", quiet);
  response.on("error", quiet);
  response.once("finish", () => dropUnreadBody(request));
  if (request.rawHeaders.length > 2 * limits.headersMax) {
    response.writeHead(431, { "content-length": 0, connection: "close" }).end();
    return;
  }
  serve(deps, request, response).catch((error: unknown) => {
    deps.log.error(`could not send an HTTP response: ${describeError(error)}`);
    response.destroy();
  });
}

async function serve(deps: ServeDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const startMs = deps.clock.monotonicMs();
  const { method = "", url: target = "", rawHeaders } = request;
  const id = givenRequestId(rawHeaders) ?? randomUUID();
  const lines = requestLog(deps.log, { method, target, path: splitTarget(target).path, id });
  const bodySignal = deps.exchanges.begin(request, response);
  lines.started();
  const answer = await answerRequest(deps.responder, {
    method,
    target,
    rawHeaders,
    readBody: (bytesMax) => readBody(request, { bytesMax, msMax: limits.bodyMsMax }, bodySignal),
  });
  lines.answered(answer, STATUS_CODES[answer.status] ?? "", deps.clock.monotonicMs() - startMs);
  writeAnswer(response, answer, id);
}

function writeAnswer(response: ServerResponse, answer: Answer, requestId: string): void {
  const text = answer.content?.text ?? "";
  const headers: OutgoingHttpHeaders = { "content-length": Buffer.byteLength(text), "x-request-id": requestId };
  if (answer.content !== undefined) headers["content-type"] = answer.content.type;
  if (answer.allow !== undefined) headers["allow"] = answer.allow;
  response.writeHead(answer.status, headers).end(text);
}

/** Node reads and drops the rest of a body that the answer did not wait for; a client that never ends it is cut off. */
function dropUnreadBody(request: IncomingMessage): void {
  if (request.complete) return;
  const cutOff = setTimeout(() => request.destroy(), limits.bodyMsMax).unref();
  request.once("close", () => clearTimeout(cutOff));
}
