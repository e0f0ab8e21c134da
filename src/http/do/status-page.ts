import { Readable } from "node:stream";
import type { Clock } from "../../base/clock.ts";
import { sleep } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { ComputeControl } from "../../compute/control.ts";
import { computeStatuses } from "../../compute/status.ts";
import type { StatusDetail } from "../../compute/status-detail.ts";
import type { DownloadView } from "../../extensions/download-view.ts";
import {
  changedSections,
  frame,
  type LogNews,
  type PageEvents,
  type SectionTexts,
  sectionTexts,
} from "../status-page/frames.ts";
import { pageOf } from "../status-page/page-of.ts";
import type { PageState } from "../status-page/page-state.ts";
import { say } from "../status-page/say.ts";
import { type ProcessFacts, viewsOf } from "../status-page/views.ts";

/** Bounds on what the page's listeners cost. */
export interface PageLimits {
  readonly listenersMax: number;
  /** How often the views are looked at while somebody listens; a change of status is told at once. */
  readonly lookMs: number;
  /** After so long without news, a sign of life. */
  readonly beatMs: number;
  /** A listener that takes nothing for so long is cut off. */
  readonly unreadMsMax: number;
  /** Bytes that wait for a listener before it begins to miss news. */
  readonly unreadBytesMax: number;
  /** Log lines in one event. */
  readonly linesMax: number;
}

export const usualPageLimits: PageLimits = {
  listenersMax: 16,
  lookMs: 500,
  beatMs: 10_000,
  unreadMsMax: 30_000,
  unreadBytesMax: 64 * 1024,
  linesMax: 200,
};

/** What the page tells of. */
export interface PageSources {
  readonly control: ComputeControl;
  readonly process: ProcessFacts;
  readonly downloads: () => readonly DownloadView[];
  readonly statusDetail: () => Promise<StatusDetail>;
  readonly recentLogLines: (count: number) => readonly string[];
  readonly logLineCount: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

/** The data behind the status page. */
export interface StatusPage {
  /** All of it, once. */
  state(): Promise<PageEvents["all"]>;
  /** The events from now on, until the signal fires; undefined when there are too many listeners already. */
  listen(signal: AbortSignal): Readable | undefined;
  /** How many listen. */
  listeners(): number;
  /** Tells every listener that nothing follows. */
  end(): void;
}

interface Listener {
  readonly stream: Readable;
  /** What waits for it is as much as may wait. */
  full: boolean;
  /** It was full when there was news. */
  missed: boolean;
  cutOff: NodeJS.Timeout | undefined;
}

const longestWaitMs = 300_000;

/** Makes it. While nobody listens it does nothing at all; what it does for all listeners it does once. */
export function createStatusPage(sources: PageSources, limits: PageLimits = usualPageLimits): StatusPage {
  const { control, clock, log } = sources;
  const listeners = new Set<Listener>();
  let detail: StatusDetail | null = null;
  let asking = false;
  let told: SectionTexts = new Map();
  let toldLines = 0;
  let toldAtMs = 0;
  let watching: AbortController | undefined;
  let ended = false;

  const atMs = (): number => clock.now().getTime();
  const currentState = (): PageState => pageOf(viewsOf(control, sources.process, sources.downloads(), detail));

  function linesSince(seen: number): LogNews {
    const fresh = sources.logLineCount() - seen;
    const lines = sources.recentLogLines(Math.min(fresh, limits.linesMax)).map(say);
    return { skipped: fresh - lines.length, lines };
  }

  const everything = (): PageEvents["all"] => ({ atMs: atMs(), state: currentState(), log: linesSince(0) });

  function offer(listener: Listener, text: string): void {
    if (listener.full) {
      listener.missed = true;
    } else if (!listener.stream.push(text)) {
      listener.full = true;
      listener.cutOff = setTimeout(() => listener.stream.destroy(), limits.unreadMsMax).unref();
    }
  }

  function tell(text: string): void {
    toldAtMs = clock.monotonicMs();
    for (const listener of listeners) offer(listener, text);
  }

  /** Tells what has changed since the last look. */
  function look(): void {
    const state = currentState();
    const texts = sectionTexts(state);
    const sections = changedSections(state, told, texts);
    const news = linesSince(toldLines);
    told = texts;
    toldLines = sources.logLineCount();
    if (sections !== undefined) tell(frame("changes", { atMs: atMs(), sections }));
    if (news.lines.length > 0) tell(frame("log", { atMs: atMs(), ...news }));
    else if (clock.monotonicMs() - toldAtMs >= limits.beatMs) tell(frame("beat", { atMs: atMs() }));
  }

  /** A page that cannot be made must not harm the compute: whoever listens is cut off, and may come again. */
  function lookSafely(): void {
    try {
      look();
      askForDetail();
    } catch (error) {
      log.error(`could not make the status page's news: ${describeError(error)}`);
      for (const { stream } of listeners) stream.destroy();
    }
  }

  function askForDetail(): void {
    if (asking) return;
    asking = true;
    sources
      .statusDetail()
      .then((found) => {
        detail = found;
      })
      .catch((error: unknown) => log.debug(`no detail for the status page: ${describeError(error)}`))
      .finally(() => {
        asking = false;
      });
  }

  /** A status may last for milliseconds only. */
  async function followStatus(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { status } = control.status();
      const others = computeStatuses.filter((other) => other !== status);
      const seen = await control.waitForStatus(others, longestWaitMs, signal);
      if (signal.aborted) return;
      if (seen.status === status) await sleep(limits.lookMs, signal);
      else lookSafely();
    }
  }

  function begin(): void {
    watching = new AbortController();
    const { signal } = watching;
    const timer = setInterval(lookSafely, limits.lookMs).unref();
    signal.addEventListener("abort", () => clearInterval(timer));
    followStatus(signal).catch((error: unknown) => {
      if (!signal.aborted) log.error(`the status page cannot follow the status: ${describeError(error)}`);
    });
  }

  function leave(listener: Listener): void {
    clearTimeout(listener.cutOff);
    listeners.delete(listener);
    if (listeners.size > 0) return;
    watching?.abort(new Error("nobody listens any more"));
    watching = undefined;
  }

  function makeListener(): Listener {
    const listener: Listener = {
      full: false,
      missed: false,
      cutOff: undefined,
      stream: new Readable({
        highWaterMark: limits.unreadBytesMax,
        encoding: "utf8",
        read() {
          if (!listener.full) return;
          clearTimeout(listener.cutOff);
          listener.full = false;
          if (!listener.missed) return;
          listener.missed = false;
          offer(listener, frame("all", everything()));
        },
      }),
    };
    listener.stream.once("close", () => leave(listener));
    return listener;
  }

  return {
    async state() {
      detail = await sources.statusDetail();
      return everything();
    },
    listen(signal) {
      if (ended || signal.aborted || listeners.size >= limits.listenersMax) return undefined;
      // What the others are told of later must not be in what the new one is told now: lines would be told twice.
      look();
      const listener = makeListener();
      listeners.add(listener);
      offer(listener, frame("all", everything()));
      signal.addEventListener("abort", () => listener.stream.destroy(), { once: true });
      if (watching === undefined) begin();
      askForDetail();
      return listener.stream;
    },
    listeners: () => listeners.size,
    end() {
      if (ended) return;
      ended = true;
      lookSafely();
      for (const { stream, full } of listeners) {
        // Whoever does not read would hold up the end of the process.
        if (full) {
          stream.destroy();
        } else {
          stream.push(frame("end", { atMs: atMs() }));
          stream.push(null);
        }
      }
    },
  };
}
