import type { IncomingMessage } from "node:http";
import { DeadlineError, withDeadline } from "../../base/deadline.ts";
import type { BodyRead } from "../read-input.ts";

/**
 * Reads a request's body, at most `bytesMax` bytes within `msMax` milliseconds. What is over the limit is read on and
 * dropped, so that a client which sends before it listens still gets its answer. Never rejects; `signal` says that the
 * body is broken.
 */
export async function readBody(
  request: IncomingMessage,
  { bytesMax, msMax }: { bytesMax: number; msMax: number },
  signal: AbortSignal,
): Promise<BodyRead> {
  try {
    return await withDeadline("reading the request body", msMax, signal, () => collect(request, bytesMax));
  } catch (error) {
    return { kind: error instanceof DeadlineError ? "too-slow" : "broken" };
  }
}

function collect(request: IncomingMessage, bytesMax: number): Promise<BodyRead> {
  const { promise, resolve } = Promise.withResolvers<BodyRead>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const take = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes <= bytesMax) chunks.push(chunk);
    else refuse();
  };
  const refuse = (): void => {
    chunks.length = 0;
    request.off("data", take).resume();
    resolve({ kind: "too-large" });
  };
  request.on("data", take);
  request.once("end", () => resolve({ kind: "whole", bytes: Buffer.concat(chunks) }));
  request.once("error", () => resolve({ kind: "broken" }));
  request.once("close", () => resolve({ kind: "broken" }));
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) refuse();
  return promise;
}
