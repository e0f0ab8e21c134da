import type { IncomingMessage, ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { randomId } from "../../base/random-id.ts";
import type { Tracer } from "../../base/tracer.ts";
import type { Patience } from "../limits.ts";
import { limits } from "../limits.ts";
import type { Responder } from "../pipeline.ts";
import { answerRequest } from "../pipeline.ts";
import { givenRequestId } from "../request-id.ts";
import { requestLog } from "../request-log.ts";
import type { RequestMeter } from "../request-meter.ts";
import { answerAttributes, spanError, startRequestSpan } from "../request-span.ts";
import { findRoute } from "../route-table.ts";
import { splitTarget } from "../target.ts";
import type { Exchanges } from "./exchanges.ts";
import { readBody } from "./read-body.ts";
import { writeAnswer } from "./write-answer.ts";

/** What serving a request needs besides the request. */
export interface ServeDeps {
  readonly responder: Responder;
  readonly exchanges: Exchanges;
  readonly meter: RequestMeter;
  readonly patience: Patience;
  readonly log: Log;
  readonly clock: Clock;
  readonly tracer: Tracer;
}

/** Serves one request, from its head to the end of its response; whatever goes wrong stays inside. */
export function serveRequest(deps: ServeDeps, request: IncomingMessage, response: ServerResponse): void {
  const quiet = (error: unknown): void => deps.log.debug(`an HTTP client went away: ${describeError(error)}`);
  request.on("error", quiet);
  response.on("error", quiet);
  response.once("finish", () => dropUnreadBody(request, deps.patience));
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
  const { clock, log, patience } = deps;
  const startMs = clock.monotonicMs();
  const { method = "", url: target = "", rawHeaders, httpVersion } = request;
  const { path, query } = splitTarget(target);
  const match = findRoute(deps.responder.routes, method, path);
  const id = givenRequestId(rawHeaders) ?? randomId();
  const isScrape = match.kind === "route" && match.route.isScrape === true;
  const lines = requestLog(log, { method, target, path, id, isScrape });
  const { bodyBroken, clientGone, over } = deps.exchanges.begin(request, response);
  const count = deps.meter(method, match);
  const span = startRequestSpan(deps.tracer, { method, path, query, httpVersion, rawHeaders });
  lines.started();
  const answer = await answerRequest(deps.responder, match, {
    rawHeaders,
    query,
    signal: clientGone,
    trace: span.context,
    readBody: (bytesMax) => readBody(request, { bytesMax, msMax: patience.bodyMsMax }, bodyBroken),
  });
  const latencyMs = clock.monotonicMs() - startMs;
  lines.answered(answer, STATUS_CODES[answer.status] ?? "", latencyMs);
  count.answered(answer.status, latencyMs / 1000);
  span.set(answerAttributes(answer, id));
  try {
    await writeAnswer(response, answer, id);
    await over;
  } finally {
    count.over();
    span.end(spanError(answer));
  }
}

/** Node reads and drops the rest of a body that the answer did not wait for; a client that never ends it is cut off. */
function dropUnreadBody(request: IncomingMessage, { bodyMsMax }: Patience): void {
  if (request.complete) return;
  const cutOff = setTimeout(() => request.destroy(), bodyMsMax).unref();
  request.once("close", () => clearTimeout(cutOff));
}
