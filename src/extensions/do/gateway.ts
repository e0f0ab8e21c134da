import { createHash } from "node:crypto";
import { type IncomingMessage, STATUS_CODES } from "node:http";
import { DeadlineError, sleep, withDeadline } from "../../base/deadline.ts";
import { describeError, errorCode } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { ArchiveLimits } from "../archive-policy.ts";
import { ArchiveDamagedError, ArchiveRefusedError, GatewayError } from "../errors.ts";
import {
  type Checksum,
  checksumOf,
  gatewayPausesMs,
  isConnectFailure,
  isPassingStatus,
  problemOfStatus,
  statusText,
} from "../gateway-answer.ts";

/** Asks by GET, follows redirects, and resolves as soon as the head of the answer is there. */
export type HttpGetter = (get: {
  readonly url: URL;
  readonly connectMsMax: number;
  readonly signal: AbortSignal;
}) => Promise<IncomingMessage>;

/** What asking the gateway touches. */
export interface GatewayPorts {
  readonly get: HttpGetter;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Told of every GET once its outcome is known, by the text that the metric has (EXT-34). */
  readonly onGet: (httpStatus: string) => void;
  /** Told of every try that follows a failed one. */
  readonly onRetry: () => void;
  /** Told how far the body is, in bytes; `total` is null when the gateway does not say. */
  readonly onProgress: (received: number, total: number | null) => void;
}

/** An archive that begins to arrive. */
export interface ArchiveStream {
  /** The compressed bytes. It throws when they stop coming, are too many, or are not what their checksum says. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Lets go of the connection, also half way. */
  close(): void;
}

const connectMsMax = 10_000;
/** Without a byte, from the request to the head of the answer and between pieces of its body. */
const idleMsMax = 30_000;

/**
 * Asks the gateway for an archive, again where that may help (EXT-33): after a failed connection and after 502 to 504. A
 * body that breaks off is not asked for again.
 * @throws GatewayError in the original's words
 */
export async function openArchive(url: URL, limits: ArchiveLimits, ports: GatewayPorts): Promise<ArchiveStream> {
  const { log, signal, onRetry } = ports;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await askOnce(url, ports);
    if (outcome.kind === "archive") return readArchive(outcome.response, limits, ports);
    const pauseMs = outcome.worthAnotherTry ? gatewayPausesMs[attempt - 1] : undefined;
    if (pauseMs === undefined) throw outcome.error;
    log.warn(`attempt ${attempt} to download ${url.pathname} failed: ${describeError(outcome.error)}`);
    await sleep(pauseMs, signal);
    onRetry();
  }
}

type Asked =
  | { readonly kind: "archive"; readonly response: IncomingMessage }
  | { readonly kind: "failure"; readonly error: GatewayError; readonly worthAnotherTry: boolean };

async function askOnce(url: URL, { get, signal, onGet }: GatewayPorts): Promise<Asked> {
  let response: IncomingMessage;
  try {
    // The request goes on under the caller's signal, which ends the body as well; only the wait for its head is limited.
    const asking = get({ url, connectMsMax, signal });
    response = await withDeadline(`the answer of ${url.host}`, idleMsMax, signal, () => asking).catch((error) => {
      asking.then(
        (late) => late.destroy(),
        () => {},
      );
      throw error;
    });
  } catch (cause) {
    onGet("unknown");
    signal.throwIfAborted();
    const error = new GatewayError("could not perform remote extensions server request", { cause });
    const slowConnect = cause instanceof DeadlineError && cause.message.startsWith("connecting");
    return { kind: "failure", error, worthAnotherTry: slowConnect || isConnectFailure(errorCode(cause)) };
  }
  const status = response.statusCode ?? 0;
  onGet(statusText(status, STATUS_CODES[status]));
  const problem = problemOfStatus(status, STATUS_CODES[status]);
  if (problem === undefined) return { kind: "archive", response };
  response.destroy();
  return { kind: "failure", error: new GatewayError(problem), worthAnotherTry: isPassingStatus(status) };
}

function readArchive(
  response: IncomingMessage,
  { compressedBytesMax }: ArchiveLimits,
  ports: GatewayPorts,
): ArchiveStream {
  const length = Number(response.headers["content-length"] ?? Number.NaN);
  const total = Number.isSafeInteger(length) ? length : null;
  // An error that comes while nobody reads must not end the process; whoever reads gets it too.
  response.on("error", () => {});
  async function* bytes(): AsyncGenerator<Buffer> {
    if (total !== null && total > compressedBytesMax) throw tooLong(compressedBytesMax);
    const checked = checker(checksumOf(response.headers));
    let received = 0;
    for await (const chunk of arriving(response, ports.signal)) {
      received += chunk.length;
      if (received > compressedBytesMax) throw tooLong(compressedBytesMax);
      checked.add(chunk);
      ports.onProgress(received, total);
      yield chunk;
    }
    checked.finish();
  }
  return { bytes: bytes(), close: () => void response.destroy() };
}

async function* arriving(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer> {
  const pieces: AsyncIterator<Buffer> = response[Symbol.asyncIterator]();
  for (;;) {
    let next: IteratorResult<Buffer>;
    try {
      next = await withDeadline("the next piece of the archive", idleMsMax, signal, () => pieces.next());
    } catch (cause) {
      response.destroy();
      signal.throwIfAborted();
      throw new GatewayError("could not read remote extensions server response", { cause });
    }
    if (next.done === true) return;
    yield next.value;
  }
}

function tooLong(bytesMax: number): ArchiveRefusedError {
  return new ArchiveRefusedError(`it is longer than ${bytesMax} bytes`);
}

function checker(checksum: Checksum | undefined): { add(chunk: Buffer): void; finish(): void } {
  if (checksum === undefined) return { add: () => {}, finish: () => {} };
  const hash = createHash(checksum.algorithm);
  return {
    add: (chunk) => void hash.update(chunk),
    finish() {
      if (hash.digest("base64") === checksum.base64) return;
      throw new ArchiveDamagedError(
        `its ${checksum.algorithm} is not the one that the gateway's ${checksum.header} tells`,
      );
    },
  };
}
