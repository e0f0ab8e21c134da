import type { ProxyEnv } from "node:http";
import { sleep, withDeadline } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { type ControlPlaneSchedule, specUrl, statusHint } from "../control-plane-request.ts";
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
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Told once per attempt what came of it: code and reason, as in `200 OK`, or `unknown` when no answer came (SPEC-83). */
  readonly onAttempt: (httpStatus: string) => void;
}

/** The control plane gave no config: it does not want to, or all attempts failed; the last reason is the cause. */
class ControlPlaneError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ControlPlaneError";
  }
}

/** Far above any spec; keeps a wrong address from filling the memory. */
const bodyBytesMax = 64 * 1024 * 1024;

/**
 * Asks the control plane for a config (SPEC-80 to SPEC-83).
 * @throws ControlPlaneError when it refuses or the schedule is used up; the signal's reason when that fires
 */
export async function fetchConfig(request: ControlPlaneRequest): Promise<ControlPlaneResponse> {
  const { schedule, signal, log } = request;
  let attempt = 0;
  let cause: unknown;
  for (const pauseMs of schedule.pausesMs) {
    attempt += 1;
    try {
      return await askOnce(request);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ControlPlaneError) throw error;
      cause = error;
      log.warn(`attempt ${attempt} to get the config from the control plane failed: ${describeError(error)}`);
      await sleep(pauseMs, signal);
    }
  }
  const message = "Exhausted all attempts to retrieve the config from the control plane";
  throw new ControlPlaneError(`${message} (check --control-plane-uri, and whether it is up)`, { cause });
}

async function askOnce(request: ControlPlaneRequest): Promise<ControlPlaneResponse> {
  const { schedule, proxyEnv, token } = request;
  let label = "unknown";
  try {
    const url = specUrl(request.baseUri, request.computeId);
    const what = `the answer of the control plane at ${url.host}`;
    return await withDeadline(what, schedule.attemptMsMax, request.signal, async (signal) => {
      const response = await httpGet({ url, authorization: `Bearer ${token}`, proxyEnv, signal });
      const status = response.statusCode ?? 0;
      label = await statusLabel(status);
      if (status === 200) return decodeAnswer(await readBody(response, bodyBytesMax));
      response.destroy();
      if (schedule.retries(status)) throw new Error(`the control plane is not ready: ${label}`);
      const message = `unexpected control plane response status code: ${label}${statusHint(status)}`;
      throw new ControlPlaneError(message);
    });
  } finally {
    request.onAttempt(label);
  }
}

function decodeAnswer(body: Uint8Array): ControlPlaneResponse {
  const decoding = decodeControlPlaneResponse(body);
  if (!decoding.ok)
    throw new Error(`the answer of the control plane is no config: ${summarizeRefusal(decoding.refusal)}`);
  const { status, config } = decoding.value;
  if (status === "attached" && config.spec === null)
    throw new ControlPlaneError("compute is attached, but spec is empty (the control plane must send a spec with it)");
  return decoding.value;
}

/** The registered reason, not the one on the wire: the label must not depend on the server's taste. */
async function statusLabel(status: number): Promise<string> {
  const { STATUS_CODES } = await import("node:http");
  return `${status} ${STATUS_CODES[status] ?? "<unknown status code>"}`;
}
