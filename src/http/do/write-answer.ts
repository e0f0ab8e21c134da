import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Answer } from "../answer.ts";

/** How long a client may go on sending a body that nobody wants, before its connection is closed. */
const unreadBodyMsMax = 30_000;

/**
 * Sends an answer. A stream goes out as fast as the client takes it and is destroyed when the client goes away; one that
 * fails in the middle cuts the connection, so that the client does not take a part for the whole (T-17). For HEAD it is
 * not read at all.
 * @throws Error when the body could not be sent to its end
 */
export async function writeAnswer(response: ServerResponse, answer: Answer, requestId: string): Promise<void> {
  const headers: OutgoingHttpHeaders = { ...answer.headers, "x-request-id": requestId };
  if (answer.content?.type !== undefined) headers["content-type"] = answer.content.type;
  if (answer.allow !== undefined) headers["allow"] = answer.allow;
  if (answer.content !== undefined && "stream" in answer.content) {
    response.writeHead(answer.status, headers);
    return sendStream(response, answer.content.stream, answer.content.endsWithClient === true);
  }
  const text = answer.content?.text ?? "";
  response.writeHead(answer.status, { "content-length": Buffer.byteLength(text), ...headers });
  if (response.shouldKeepAlive || response.req.complete) response.end(text);
  else endAfterBody(response, text);
}

/**
 * Sends the whole answer, but ends it, and the connection with it, only when the rest of the request's body has come: a
 * connection that is closed while its client still sends is reset, and the client never sees the answer.
 */
function endAfterBody(response: ServerResponse, text: string): void {
  response.flushHeaders();
  if (text !== "") response.write(text);
  const end = (): void => {
    clearTimeout(cutOff);
    response.end();
  };
  const cutOff = setTimeout(end, unreadBodyMsMax);
  response.req.once("end", end).once("close", end).resume();
}

async function sendStream(response: ServerResponse, stream: Readable, endsWithClient: boolean): Promise<void> {
  if (response.req.method === "HEAD") {
    stream.destroy();
    response.end();
  } else {
    try {
      await pipeline(stream, response);
    } catch (error) {
      if (!endsWithClient) throw error;
      response.destroy();
    }
  }
}
