import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Answer } from "../answer.ts";

/**
 * Sends an answer. A stream goes out as fast as the client takes it and is destroyed when the client goes away; one that
 * fails in the middle cuts the connection, so that the client does not take a part for the whole (T-17). For HEAD it is
 * not read at all.
 * @throws Error when the body could not be sent to its end
 */
export async function writeAnswer(response: ServerResponse, answer: Answer, requestId: string): Promise<void> {
  const headers: OutgoingHttpHeaders = { "x-request-id": requestId };
  if (answer.content?.type !== undefined) headers["content-type"] = answer.content.type;
  if (answer.allow !== undefined) headers["allow"] = answer.allow;
  if (answer.content !== undefined && "stream" in answer.content) {
    response.writeHead(answer.status, headers);
    return sendStream(response, answer.content.stream);
  }
  const text = answer.content?.text ?? "";
  response.writeHead(answer.status, { "content-length": Buffer.byteLength(text), ...headers }).end(text);
}

async function sendStream(response: ServerResponse, stream: Readable): Promise<void> {
  if (response.req.method === "HEAD") {
    stream.destroy();
    response.end();
  } else {
    await pipeline(stream, response);
  }
}
