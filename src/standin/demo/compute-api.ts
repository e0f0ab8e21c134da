import { DeadlineError, sleep } from "../../base/deadline.ts";
import { knownFigures, type StartFigure } from "./start-figures.ts";

/** The external HTTP API of a compute, as far as the demo uses it. */
export interface ComputeApi {
  readonly url: string;
  /** An admin token. */
  readonly token: string;
}

/** What can be seen of a start from outside. Milliseconds are from the first look. */
export type StartEvent =
  | { readonly kind: "first-answer"; readonly ms: number }
  | { readonly kind: "figure"; readonly figure: StartFigure; readonly value: number; readonly basebackupBytes: number }
  | { readonly kind: "running"; readonly ms: number };

type JsonObject = Readonly<Record<string, unknown>>;

const pollMs = 20;
const startMsMax = 120_000;
const requestMsMax = 5_000;

/**
 * Watches a compute until it runs, which is the last event.
 * @throws Error with the compute's own error when its start failed, DeadlineError, or the signal's reason
 */
export async function* watchStart(api: ComputeApi, signal: AbortSignal): AsyncGenerator<StartEvent> {
  const beganAt = performance.now();
  const elapsed = (): number => performance.now() - beganAt;
  let answered = false;
  let told = 0;
  while (elapsed() < startMsMax) {
    const status = await tryGet(api, "/status");
    if (status !== undefined && !answered) {
      answered = true;
      yield { kind: "first-answer", ms: elapsed() };
    }
    if (status?.["status"] === "failed") throw new Error(`the compute failed to start: ${String(status["error"])}`);
    const running = status?.["status"] === "running";
    const metrics = answered ? ((await tryGet(api, "/metrics.json")) ?? {}) : {};
    const known = knownFigures(metrics, running);
    for (const figure of known.slice(told)) {
      const basebackupBytes = Number(metrics["basebackup_bytes"] ?? 0);
      yield { kind: "figure", figure, value: Number(metrics[figure] ?? 0), basebackupBytes };
    }
    told = Math.max(told, known.length);
    if (running) return yield { kind: "running", ms: elapsed() };
    await sleep(pollMs, signal);
  }
  throw new DeadlineError("starting the compute", startMsMax);
}

/** The JSON object at a path; undefined while nobody listens. */
async function tryGet({ url, token }: ComputeApi, path: string): Promise<JsonObject | undefined> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(requestMsMax) }).catch(
    () => null,
  );
  if (response === null) return undefined;
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`GET ${path} was answered ${response.status}: ${JSON.stringify(body)}`);
  return typeof body === "object" && body !== null ? { ...body } : {};
}
