import { once } from "node:events";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";

/** A whole answer over HTTP. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; throws when it is none. */
  json(): unknown;
}

export interface Asked {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  /** Sent as a bearer token. */
  readonly token: string | null;
  /** Sent as JSON; a text goes out as it is. */
  readonly body?: unknown;
  /** 127.0.0.1 when left out. */
  readonly host?: string;
}

const answerMsMax = 90_000;

/** Makes one request on a connection of its own. */
export async function ask(asked: Asked): Promise<Reply> {
  const request = httpRequest({
    host: asked.host ?? "127.0.0.1",
    port: asked.port,
    method: asked.method,
    path: asked.path,
    agent: false,
    signal: AbortSignal.timeout(answerMsMax),
    headers: {
      ...(asked.token === null ? {} : { authorization: `Bearer ${asked.token}` }),
      ...(asked.body === undefined ? {} : { "content-type": "application/json" }),
    },
  });
  const answered = once(request, "response");
  request.end(asked.body === undefined || typeof asked.body === "string" ? asked.body : JSON.stringify(asked.body));
  const [response] = await answered;
  const text = (await buffer(response)).toString();
  return { status: response.statusCode, headers: response.headers, text, json: () => JSON.parse(text) };
}
