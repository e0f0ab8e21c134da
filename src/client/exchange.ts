import { type IncomingMessage, request } from "node:http";
import { UnreachableError } from "./errors.ts";

/** One request, ready to be sent. */
export interface OutgoingRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What came back, whatever the status. */
export interface IncomingAnswer {
  readonly status: number;
  readonly text: string;
}

/** Far above a log of 100,000 lines, far below what a process can hold. */
const answerBytesMax = 64 * 1024 * 1024;

/**
 * Sends a request on a connection of its own and reads the answer: calls are rare, and a kept connection may have been
 * closed by the other side just when it is used again.
 * @throws UnreachableError when there is no answer or it breaks off; the signal's reason when that fires
 */
export function exchange(outgoing: OutgoingRequest, signal: AbortSignal): Promise<IncomingAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingAnswer>();
  const fail = (error: unknown): void =>
    reject(signal.aborted ? signal.reason : new UnreachableError(outgoing.url, error));
  const { method, url, body = "" } = outgoing;
  const headers = { ...outgoing.headers, "content-length": String(Buffer.byteLength(body)) };
  const sent = request(url, { method, headers, agent: false, signal });
  sent.on("error", fail);
  sent.on("response", (answer) => {
    readText(answer).then((text) => resolve({ status: answer.statusCode ?? 0, text }), fail);
  });
  sent.end(body);
  return promise;
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > answerBytesMax) throw new Error(`the answer is longer than ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
