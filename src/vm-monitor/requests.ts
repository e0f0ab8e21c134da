import { judgeDownscale } from "./downscale.ts";
import { downscaleResult, internalError, type ScalingRequest, upscaleConfirmation } from "./messages.ts";
import type { Outcome } from "./news.ts";
import type { PlannedRequest, Session, SessionAction } from "./session-types.ts";
import { cacheBytes, inMib, thresholdBytes, usableBytes } from "./sizes.ts";
import type { MemoryWatch } from "./watch.ts";

/** What a request comes to: an answer at once, or a file cache to be resized first. */
export type RequestPlan =
  | { readonly kind: "answer"; readonly watch: MemoryWatch | null; readonly actions: readonly SessionAction[] }
  | { readonly kind: "resize"; readonly planned: PlannedRequest };

/** Judges a request (VM-15, VM-16). */
export function planRequest(
  { watch, cacheBytes: managed }: Session,
  request: ScalingRequest,
  atMs: number,
): RequestPlan {
  const { type, id, memBytes } = request;
  const verdict = type === "DownscaleRequest" ? judgeDownscale(watch, memBytes, atMs) : null;
  if (verdict?.kind === "unknown") {
    const answer: SessionAction = { kind: "send", text: internalError(id, verdict.text) };
    return { kind: "answer", watch, actions: [answer, told(type, "failed", verdict.text)] };
  }
  if (verdict?.kind === "refused") {
    const answer: SessionAction = { kind: "send", text: downscaleResult(id, false, verdict.text) };
    return { kind: "answer", watch, actions: [answer, told(type, "refused", verdict.text)] };
  }
  const grounds = verdict?.text ?? "";
  const size = cacheBytes(usableBytes(memBytes));
  if (managed !== null) return { kind: "resize", planned: { request, cacheBytes: size, grounds } };
  return { kind: "answer", ...settle(watch, { request, cacheBytes: size, grounds }, null) };
}

/**
 * The answer to a request that is carried out, and the watch with the threshold that goes with the new size.
 * @param setBytes the size that the file cache has now; null when it is not managed
 */
export function settle(
  watch: MemoryWatch | null,
  { request, cacheBytes: wanted, grounds }: PlannedRequest,
  setBytes: number | null,
): { readonly watch: MemoryWatch | null; readonly actions: readonly SessionAction[] } {
  const { type, id, memBytes } = request;
  const after = watch === null ? null : { ...watch, thresholdBytes: thresholdBytes(usableBytes(memBytes)) };
  const text = [grounds, cacheText(setBytes), thresholdText(watch, after, memBytes)]
    .filter((part) => part !== "")
    .join("; ");
  if (type === "DownscaleRequest") {
    return {
      watch: after,
      actions: [{ kind: "send", text: downscaleResult(id, true, text) }, told(type, "approved", text)],
    };
  }
  const confirmed: SessionAction[] = [{ kind: "send", text: upscaleConfirmation(id) }, told(type, "confirmed", text)];
  if (setBytes === null || setBytes === wanted) return { watch: after, actions: confirmed };
  const warning = `the file cache was to have ${inMib(wanted)}, but has ${inMib(setBytes)}`;
  return {
    watch: after,
    actions: [...confirmed, { kind: "tell", news: { kind: "line", level: "warn", text: warning } }],
  };
}

function cacheText(setBytes: number | null): string {
  return setBytes === null ? "" : `the file cache has ${inMib(setBytes)} now`;
}

function thresholdText(before: MemoryWatch | null, after: MemoryWatch | null, memBytes: number): string {
  if (before === null || after === null) return "";
  const change = `${inMib(before.thresholdBytes)} to ${inMib(after.thresholdBytes)}`;
  return `the memory threshold went from ${change} of ${inMib(usableBytes(memBytes))} usable`;
}

function told(type: ScalingRequest["type"], outcome: Outcome, text: string): SessionAction {
  return { kind: "tell", news: { kind: "answered", type, outcome, text } };
}
