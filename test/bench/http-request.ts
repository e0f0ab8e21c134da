import { once } from "node:events";
import { type Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

/** A compute's HTTP API. */
export interface Api {
  readonly port: number;
  /** An admin token. */
  readonly token: string;
  readonly agent?: Agent;
}

const idleMsMax = 60_000;

/**
 * Sends a request, with `body` as JSON by POST, else by GET, and returns the JSON of the answer.
 * @throws Error when the answer is no 200
 */
export async function ask(api: Api, path: string, signal: AbortSignal, body?: string): Promise<unknown> {
  const outgoing = request({
    host: "127.0.0.1",
    port: api.port,
    path,
    method: body === undefined ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${api.token}`,
      ...(body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    },
    ...(api.agent === undefined ? {} : { agent: api.agent }),
    signal,
    timeout: idleMsMax,
  });
  outgoing.on("timeout", () => outgoing.destroy(new Error(`${path} was not answered within ${idleMsMax} ms`)));
  outgoing.end(body);
  const [response]: IncomingMessage[] = await once(outgoing, "response", { signal });
  if (response === undefined) throw new Error(`${path} had no answer`);
  const answer = await text(response);
  if (response.statusCode !== 200) throw new Error(`${path} was answered ${response.statusCode}: ${answer}`);
  return JSON.parse(answer);
}
