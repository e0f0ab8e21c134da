/*
 * One agent's session, as a state machine: an event and the time go in, a new state and what is to be done come out. The
 * driver (`do/hold-session.ts`) carries that out and reports back.
 */
import type { MemorySample } from "./memory-history.ts";
import { averageOf, spanMs } from "./memory-history.ts";
import {
  decodeMessage,
  greetingError,
  healthReply,
  internalError,
  invalidMessage,
  type ScalingRequest,
  upscaleRequest,
  versionReply,
} from "./messages.ts";
import { negotiate } from "./negotiate.ts";
import type { SessionNews } from "./news.ts";
import { planRequest, settle } from "./requests.ts";
import type { Closing, Session, SessionAction, SessionEvent, SetUp, Step } from "./session-types.ts";
import { inMib } from "./sizes.ts";
import { considerLine, considerPressure, type MemoryWatch, observe, startWatch } from "./watch.ts";

/** An agent sends one request after the other; this many at once is no agent. */
const waitingMax = 32;

const closings = {
  unusable: { code: 1002, reason: "the first message is no range of protocol versions" },
  version: { code: 1002, reason: "no common protocol version" },
  setUp: { code: 1011, reason: "the session could not be set up" },
  undecodable: { code: 1007, reason: "a message that is not understood and has no id" },
  strange: { code: 1008, reason: "too many messages that are not understood" },
  flood: { code: 1008, reason: "too many requests at once" },
} as const satisfies Readonly<Record<string, Closing>>;

/** Each of them is a line in the log. */
const strangeMax = 32;

/** A session whose agent has not said anything yet. */
export const freshSession: Session = {
  stage: "greeting",
  version: null,
  waiting: [],
  current: null,
  watch: null,
  cacheBytes: null,
  sampledMeanwhile: false,
  lastId: 1,
  strange: 0,
  leaving: null,
};

/** The next state. @param atMs now, in monotonic milliseconds */
export function nextStep(session: Session, event: SessionEvent, atMs: number): Step {
  if (session.stage === "over") return { session, actions: [] };
  switch (event.kind) {
    case "text":
      return session.stage === "greeting" ? greet(session, event.text) : take(session, event.text, atMs);
    case "binary":
      if (session.stage === "greeting") return close(session, closings.unusable);
      return puzzled(session, [complain("a binary message is ignored")]);
    case "set-up":
      return goLive(session, event.found, atMs);
    case "set-up-failed":
      return close(session, closings.setUp, [
        { kind: "send", text: greetingError(event.why) },
        complain(`could not set up the session: ${event.why}`, "error"),
      ]);
    case "sample":
      return sampled(session, event.sample, atMs);
    case "cache-set":
      return finish(session, { ok: true, bytes: event.bytes }, atMs);
    case "cache-failed":
      return finish(session, { ok: false, why: event.why }, atMs);
    case "leave":
      if (event.when === "now" || session.current === null) return close(session, event.closing);
      return { session: { ...session, leaving: event.closing }, actions: [] };
    case "gone":
      return { session: { ...session, stage: "over", waiting: [], current: null }, actions: [] };
  }
}

function greet(session: Session, text: string): Step {
  const greeting = negotiate(text);
  switch (greeting.kind) {
    case "agreed":
      return { session: { ...session, stage: "setting-up", version: greeting.version }, actions: [{ kind: "set-up" }] };
    case "refused":
      return close(session, closings.version, [
        { kind: "send", text: greetingError(greeting.why) },
        complain(greeting.why),
      ]);
    case "unusable":
      return close(session, closings.unusable, [complain(`not a range of protocol versions: ${greeting.why}`)]);
  }
}

/** The version is told only now, so that a failed set-up can still be told instead of it (trap 13 of chapter 07). */
function goLive(session: Session, found: SetUp, atMs: number): Step {
  const live: Session = {
    ...session,
    stage: "live",
    watch: found.watchesCgroup ? startWatch(found.totalBytes, atMs) : null,
    cacheBytes: found.cacheBytes,
  };
  const begun: SessionAction[] = [
    { kind: "send", text: versionReply(session.version ?? 1) },
    { kind: "tell", news: { kind: "line", level: "info", text: describeSetUp(live) } },
  ];
  return append(begun, proceed(live, atMs));
}

function describeSetUp({ watch, cacheBytes }: Session): string {
  const memory = watch === null ? "no cgroup is watched" : `the memory threshold is ${inMib(watch.thresholdBytes)}`;
  const cache = cacheBytes === null ? "the file cache is left alone" : `the file cache has ${inMib(cacheBytes)}`;
  return `the session is set up: ${memory}, ${cache}`;
}

/** A message after the greeting. Health checks are answered even while a request is in progress. */
function take(session: Session, text: string, atMs: number): Step {
  const decoded = decodeMessage(text);
  if (!decoded.ok) {
    const { id, problem } = decoded;
    const news: SessionAction = {
      kind: "tell",
      news: { kind: "answered", type: "invalid", outcome: "failed", text: problem },
    };
    if (id === null) return close(session, closings.undecodable, [news]);
    return puzzled(session, [{ kind: "send", text: invalidMessage(id, problem) }, news]);
  }
  const { message } = decoded;
  if (message.type === "InvalidMessage" || message.type === "InternalError") {
    return puzzled(session, [complain(`the agent says ${message.type}: ${message.error}`)]);
  }
  if (message.type === "HealthCheck" && session.stage === "live") return { session, actions: answerHealth(message.id) };
  if (session.waiting.length >= waitingMax) return close(session, closings.flood, [complain(closings.flood.reason)]);
  return proceed({ ...session, waiting: [...session.waiting, message] }, atMs);
}

/** Something strange was said or complained of; an agent that does nothing else is none (VM-12). */
function puzzled(session: Session, actions: readonly SessionAction[]): Step {
  const strange = session.strange + 1;
  if (strange > strangeMax) return close(session, closings.strange, actions);
  return { session: { ...session, strange }, actions };
}

function answerHealth(id: bigint): readonly SessionAction[] {
  return [
    { kind: "send", text: healthReply(id) },
    { kind: "tell", news: { kind: "answered", type: "HealthCheck", outcome: "confirmed", text: "" } },
  ];
}

/** Takes up requests, one after the other, as long as none has to be waited for (VM-13). */
function proceed(session: Session, atMs: number): Step {
  if (session.stage !== "live" || session.current !== null) return { session, actions: [] };
  if (session.leaving !== null) return close(session, session.leaving);
  const [message, ...waiting] = session.waiting;
  if (message === undefined) return session.sampledMeanwhile ? askForMore(session, atMs) : { session, actions: [] };
  const rest = { ...session, waiting };
  if (message.type === "HealthCheck") return append(answerHealth(message.id), proceed(rest, atMs));
  if (message.type !== "DownscaleRequest" && message.type !== "UpscaleNotification") return proceed(rest, atMs);
  return begin(rest, message, atMs);
}

function begin(session: Session, request: ScalingRequest, atMs: number): Step {
  const plan = planRequest(session, request, atMs);
  if (plan.kind === "answer") return append(plan.actions, proceed({ ...session, watch: plan.watch }, atMs));
  return {
    session: { ...session, current: plan.planned },
    actions: [{ kind: "set-cache", bytes: plan.planned.cacheBytes }],
  };
}

type CacheOutcome = { readonly ok: true; readonly bytes: number } | { readonly ok: false; readonly why: string };

/** The file cache was resized, or not: the request in progress is answered. */
function finish(session: Session, outcome: CacheOutcome, atMs: number): Step {
  const { current } = session;
  if (current === null) return { session, actions: [] };
  const { request } = current;
  if (!outcome.ok) {
    const news: SessionNews = { kind: "answered", type: request.type, outcome: "failed", text: outcome.why };
    const told: SessionAction[] = [
      { kind: "send", text: internalError(request.id, outcome.why) },
      { kind: "tell", news },
    ];
    return append(told, proceed({ ...session, current: null }, atMs));
  }
  const { watch, actions } = settle(session.watch, current, outcome.bytes);
  return append(actions, proceed({ ...session, current: null, watch, cacheBytes: outcome.bytes }, atMs));
}

/** While a request is in progress, samples collapse into the newest (VM-17). */
function sampled(session: Session, sample: MemorySample, atMs: number): Step {
  if (session.watch === null) return { session, actions: [] };
  const { watch, averageBytes } = considerLine(observe(session.watch, sample, atMs), atMs);
  const observed = { ...session, watch };
  const line: SessionAction[] = averageBytes === null ? [] : [{ kind: "tell", news: memoryLine(watch, averageBytes) }];
  if (session.current !== null) return { session: { ...observed, sampledMeanwhile: true }, actions: line };
  return append(line, askForMore(observed, atMs));
}

function memoryLine(watch: MemoryWatch, averageBytes: number): SessionNews {
  const over = `over ${spanMs(watch.history)} ms`;
  const text = `memory use: average ${inMib(averageBytes)} ${over}, threshold ${inMib(watch.thresholdBytes)}`;
  return { kind: "line", level: "info", text };
}

function askForMore(session: Session, atMs: number): Step {
  if (session.watch === null) return { session, actions: [] };
  const { watch, reason } = considerPressure(session.watch, atMs);
  const looked = { ...session, watch, sampledMeanwhile: false };
  if (reason === null) return { session: looked, actions: [] };
  const id = session.lastId + 2;
  const average = inMib(averageOf(watch.history) ?? 0);
  const text = `more memory is asked for (${reason}): average ${average}, threshold ${inMib(watch.thresholdBytes)}`;
  return {
    session: { ...looked, lastId: id },
    actions: [
      { kind: "send", text: upscaleRequest(id) },
      { kind: "tell", news: { kind: "upscale-requested", reason, text } },
    ],
  };
}

function close(session: Session, closing: Closing, before: readonly SessionAction[] = []): Step {
  return {
    session: { ...session, stage: "over", waiting: [], current: null },
    actions: [...before, { kind: "close", closing }],
  };
}

function complain(text: string, level: "warn" | "error" = "warn"): SessionAction {
  return { kind: "tell", news: { kind: "line", level, text } };
}

function append(before: readonly SessionAction[], { session, actions }: Step): Step {
  return { session, actions: [...before, ...actions] };
}
