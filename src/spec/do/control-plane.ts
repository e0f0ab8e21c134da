import type { IncomingMessage, ProxyEnv } from "node:http";
import type { Clock } from "../../base/clock.ts";
import { sleep, withDeadline } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { maskSecrets } from "../../base/mask-secrets.ts";
import { type ControlPlaneSchedule, retryAfterMs, specUrl, statusHint } from "../control-plane-request.ts";
import { type ControlPlaneResponse, decodeControlPlaneResponse } from "../decode.ts";
import { summarizeRefusal } from "../describe-refusal.ts";
import { httpGet, readBody } from "./http-get.ts";

/** Whom to ask for a config, for which compute, and how. */
export interface ControlPlaneRequest {
  readonly baseUri: string;
  readonly computeId: string;
  /** Sent as a bearer token, also when it is empty. */
  readonly token: string;
  /** The environment, for the variables that name a proxy. */
  readonly proxyEnv: ProxyEnv;
  readonly schedule: ControlPlaneSchedule;
  /** Takes answers as the original does (FIELD-1). */
  readonly strict: boolean;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly clock: Clock;
  /** Told once per attempt what came of it: code and reason, as in `200 OK`, or `unknown` when no answer came (SPEC-83). */
  readonly onAttempt: (httpStatus: string) => void;
  /** Told before each pause why there is no config yet; what it returns is waited for. */
  readonly onWait: (reason: string) => Promise<void>;
}

/** The control plane gave no config: it does not want to, or all attempts failed; the last reason is the cause. */
class ControlPlaneError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ControlPlaneError";
  }
}

/** The control plane cannot say yet: it is worth asking again, after `retryAfterMs` milliseconds if it said so. */
class NotYetError extends Error {
  readonly retryAfterMs: number | null;
  constructor(message: string, retryAfter: number | null) {
    super(message);
    this.name = "NotYetError";
    this.retryAfterMs = retryAfter;
  }
}

/** Far above any spec; keeps a wrong address from filling the memory. */
const bodyBytesMax = 64 * 1024 * 1024;
/** How much of an error's body is read, and told. */
const errorBodyBytesMax = 64 * 1024;
const errorTextMax = 500;

/**
 * Asks the control plane for a config (SPEC-80 to SPEC-83), for as long as the schedule says (FIELD-3).
 * @throws ControlPlaneError when it refuses or the schedule is used up; the signal's reason when that fires
 */
export async function fetchConfig(request: ControlPlaneRequest): Promise<ControlPlaneResponse> {
  const { schedule, signal, log, clock } = request;
  const beganMs = clock.monotonicMs();
  const tell = schedule.tells === "each" ? tellEach(log) : tellChanges(log);
  let step = 0;
  let isReached = false;
  const onAnswer = (): void => {
    if (!isReached) step = 1;
    isReached = true;
  };
  for (let attempt = 1; ; attempt += 1) {
    step += 1;
    try {
      const response = await askOnce(request, onAnswer);
      tell.succeeded(attempt, clock.monotonicMs() - beganMs);
      return response;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ControlPlaneError) throw error;
      const reason = describeError(error);
      tell.failed(attempt, reason);
      await request.onWait(reason);
      const retryAfterMs = error instanceof NotYetError ? error.retryAfterMs : null;
      const waitedMs = clock.monotonicMs() - beganMs;
      const { pauseMs, again } = schedule.next({ attempt, step, waitedMs, retryAfterMs });
      if (pauseMs > 0) await sleep(pauseMs, signal);
      if (!again) throw exhausted(attempt, error);
    }
  }
}

/** Tells how the attempts go. */
interface Telling {
  failed(attempt: number, reason: string): void;
  succeeded(attempt: number, waitedMs: number): void;
}

function tellEach(log: Log): Telling {
  return {
    failed: (attempt, reason) =>
      log.warn(`attempt ${attempt} to get the config from the control plane failed: ${reason}`),
    succeeded() {},
  };
}

/** A wait of minutes is a few lines. */
function tellChanges(log: Log): Telling {
  let told: string | undefined;
  return {
    failed(attempt, reason) {
      if (reason !== told) log.warn(`waiting for the control plane: ${reason} (attempt ${attempt})`);
      told = reason;
    },
    succeeded(attempt, waitedMs) {
      if (told === undefined) return;
      log.info(`the control plane gave a config at attempt ${attempt}, after ${(waitedMs / 1000).toFixed(1)} s`);
    },
  };
}

function exhausted(attempts: number, cause: unknown): ControlPlaneError {
  const message = "Exhausted all attempts to retrieve the config from the control plane";
  return new ControlPlaneError(`${message} (${attempts}; check --control-plane-uri, and whether it is up)`, { cause });
}

async function askOnce(request: ControlPlaneRequest, onAnswer: () => void): Promise<ControlPlaneResponse> {
  const { schedule, proxyEnv, token, clock } = request;
  let label = "unknown";
  try {
    const url = specUrl(request.baseUri, request.computeId);
    const what = `the answer of the control plane at ${url.host}`;
    return await withDeadline(what, schedule.attemptMsMax, request.signal, async (signal) => {
      const { connectMsMax } = schedule;
      const response = await httpGet({ url, authorization: `Bearer ${token}`, proxyEnv, connectMsMax, signal });
      const status = response.statusCode ?? 0;
      onAnswer();
      label = await statusLabel(status);
      if (status === 200) return decodeAnswer(await readBody(response, bodyBytesMax), request);
      if (schedule.retries(status)) {
        response.destroy();
        const { "retry-after": retryAfter } = response.headers;
        const hint = schedule.tells === "changes" ? statusHint(status) : "";
        throw new NotYetError(`the control plane is not ready: ${label}${hint}`, retryAfterMs(retryAfter, clock.now()));
      }
      const text = await errorText(response);
      throw new ControlPlaneError(
        `unexpected control plane response status code: ${label}${statusHint(status)}${text === "" ? "" : `: ${text}`}`,
      );
    });
  } finally {
    request.onAttempt(label);
  }
}

function decodeAnswer(body: Uint8Array, { schedule, strict, log }: ControlPlaneRequest): ControlPlaneResponse {
  const decoding = decodeControlPlaneResponse(body, { strict });
  if (!decoding.ok)
    throw new Error(`the answer of the control plane is no config: ${summarizeRefusal(decoding.refusal)}`);
  const { status, config } = decoding.value;
  if (status === "attached" && config.spec === null) {
    const message = "compute is attached, but spec is empty (the control plane must send a spec with it)";
    throw schedule.retriesMissingSpec ? new NotYetError(message, null) : new ControlPlaneError(message);
  }
  for (const warning of decoding.warnings) log.warn(warning);
  return decoding.value;
}

/** What the control plane says about its refusal, on one line; empty when that cannot be read. */
async function errorText(response: IncomingMessage): Promise<string> {
  try {
    const text = Buffer.from(await readBody(response, errorBodyBytesMax)).toString("utf8");
    return maskSecrets(text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim()).slice(0, errorTextMax);
  } catch {
    return "";
  }
}

/** The registered reason, not the one on the wire: the label must not depend on the server's taste. */
async function statusLabel(status: number): Promise<string> {
  const { STATUS_CODES } = await import("node:http");
  return `${status} ${STATUS_CODES[status] ?? "<unknown status code>"}`;
}
