import type { RawData, WebSocket } from "ws";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/error-chain.ts";
import type { MemorySample } from "../memory-history.ts";
import type { SessionNews } from "../news.ts";
import { freshSession, nextStep } from "../session.ts";
import type { Closing, Session, SessionAction, SessionEvent, SetUp } from "../session-types.ts";
import type { FileCache } from "./file-cache.ts";
import { watchMemory } from "./watch-memory.ts";

/** What a session has of the machine, once it is set up. */
export interface SessionTools {
  readonly found: SetUp;
  /** Null without a cgroup. */
  readonly readMemory: (() => Promise<MemorySample | null>) | null;
  /** Null when the file cache is not managed. */
  readonly cache: FileCache | null;
}

/** How patient a session is, in milliseconds. */
export interface SessionLimits {
  /** From the connection to a session that is set up (VM-7). */
  readonly setUpMsMax: number;
  /** How often the agent is pinged. */
  readonly pingMs: number;
  /** After so long without a word or a pong the agent is gone. */
  readonly silentMsMax: number;
  /** How long the agent may take to answer our close frame. */
  readonly closeMsMax: number;
}

export const usualLimits: SessionLimits = { setUpMsMax: 4_000, pingMs: 10_000, silentMsMax: 30_000, closeMsMax: 1_000 };

/** What {@link holdSession} needs. */
export interface SessionParts {
  readonly clock: Clock;
  readonly limits: SessionLimits;
  /** Gets at the cgroup and the file cache. @throws Error when one that is there cannot be used */
  readonly equip: (signal: AbortSignal) => Promise<SessionTools>;
  readonly onNews: (news: SessionNews) => void;
  /** Told of every new state. */
  readonly onChange: (session: Session) => void;
}

/** A session that goes on. */
export interface HeldSession {
  leave(closing: Closing, when: "now" | "idle"): void;
  /** Resolves when it has nothing in progress any more; never rejects. */
  readonly released: Promise<void>;
  /** Resolves when its connection is gone, too; never rejects. */
  readonly ended: Promise<void>;
}

/** What may wait to be sent; an agent that reads so little is none. */
const unsentBytesMax = 65_536;

const closings = {
  late: { code: 1002, reason: "the session was not set up in time" },
  silent: { code: 1001, reason: "nothing was heard from the agent for too long" },
  cgroupGone: { code: 1011, reason: "the memory use cannot be read any more" },
} as const satisfies Readonly<Record<string, Closing>>;

/** Holds a session over a connection, until one of the two ends. */
export function holdSession(socket: WebSocket, { clock, limits, equip, onNews, onChange }: SessionParts): HeldSession {
  let session = freshSession;
  let cache: FileCache | null = null;
  let heardAtMs = clock.monotonicMs();
  const over = new AbortController();
  const works: Promise<void>[] = [];
  const released = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();

  function handle(event: SessionEvent): void {
    const { session: next, actions } = nextStep(session, event, clock.monotonicMs());
    session = next;
    onChange(session);
    for (const action of actions) perform(action);
    if (session.stage === "over" && !over.signal.aborted) wrapUp();
  }

  function perform(action: SessionAction): void {
    switch (action.kind) {
      case "send":
        send(action.text);
        break;
      case "set-up":
        begin(setUp(), "set-up-failed");
        break;
      case "set-cache":
        begin(setCache(action.bytes), "cache-failed");
        break;
      case "close":
        socket.close(action.closing.code, action.closing.reason);
        break;
      case "tell":
        onNews(action.news);
        break;
    }
  }

  /** Something to be waited for, whose failure is an event too. */
  function begin(work: Promise<void>, failure: "set-up-failed" | "cache-failed"): void {
    works.push(work.catch((error: unknown) => handle({ kind: failure, why: describeError(error) })));
  }

  function send(text: string): void {
    // A failed send is followed by the end of the connection, which ends the session (VM-13).
    if (socket.bufferedAmount <= unsentBytesMax) socket.send(text, () => {});
    else socket.terminate();
  }

  async function setUp(): Promise<void> {
    const tools = await equip(over.signal);
    cache = tools.cache;
    if (over.signal.aborted) return;
    handle({ kind: "set-up", found: tools.found });
    if (tools.readMemory !== null) works.push(watch(tools.readMemory));
  }

  async function watch(read: () => Promise<MemorySample | null>): Promise<void> {
    try {
      await watchMemory(read, (sample) => handle({ kind: "sample", sample }), clock, over.signal);
    } catch (error) {
      if (over.signal.aborted) return;
      onNews({ kind: "line", level: "error", text: describeError(error) });
      handle({ kind: "leave", closing: closings.cgroupGone, when: "now" });
    }
  }

  async function setCache(bytes: number): Promise<void> {
    if (cache === null) throw new Error("no file cache is managed");
    handle({ kind: "cache-set", bytes: await cache.set(bytes, over.signal) });
  }

  function checkLiveliness(): void {
    const silentMs = clock.monotonicMs() - heardAtMs;
    if (silentMs >= limits.silentMsMax) handle({ kind: "leave", closing: closings.silent, when: "now" });
    else socket.ping();
  }

  function wrapUp(): void {
    over.abort(new Error("the session is over"));
    clearInterval(pinging);
    clearTimeout(setUpTimer);
    // The peer of a close frame may be gone, or have no mind to answer.
    const cutting = setTimeout(() => socket.terminate(), limits.closeMsMax);
    void ended.promise.then(() => clearTimeout(cutting));
    void release();
  }

  async function release(): Promise<void> {
    // Work in progress heeds the signal, but may have begun other work before that.
    while (works.length > 0) await Promise.all(works.splice(0));
    await cache?.close().catch(() => {});
    released.resolve();
  }

  const heard = (): void => {
    heardAtMs = clock.monotonicMs();
  };
  const pinging = setInterval(checkLiveliness, limits.pingMs);
  const setUpTimer = setTimeout(() => {
    if (session.stage !== "live") handle({ kind: "leave", closing: closings.late, when: "now" });
  }, limits.setUpMsMax);
  socket.on("ping", heard);
  socket.on("pong", heard);
  socket.on("message", (data, isBinary) => {
    heard();
    handle(isBinary ? { kind: "binary" } : { kind: "text", text: textOf(data) });
  });
  // What is wrong with a connection, such as too long a message, ends it: `close` follows.
  socket.on("error", (error) =>
    onNews({ kind: "line", level: "warn", text: `the connection broke: ${describeError(error)}` }),
  );
  socket.on("close", () => {
    handle({ kind: "gone" });
    void released.promise.then(ended.resolve);
  });
  onChange(session);
  return {
    leave: (closing, when) => handle({ kind: "leave", closing, when }),
    released: released.promise,
    ended: ended.promise,
  };
}

function textOf(data: RawData): string {
  return Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data as Buffer).toString();
}
