import type { Clock } from "../../base/clock.ts";
import { unlessAborted } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { formatLsn } from "../../base/lsn.ts";
import { parseHostPort } from "../connection-target.ts";
import { ConnectionTargetError, NoAgreement, NoAgreementInTime } from "../errors.ts";
import type { NativeSync } from "../native-sync-request.ts";
import { isHopeless } from "../retry.ts";
import { majority } from "../walproposer/membership.ts";
import { walPayloadBytesMax } from "../walproposer/messages.ts";
import { progressLines, streamingLine } from "../walproposer/progress.ts";
import { step } from "../walproposer/proposer.ts";
import {
  newProposer,
  type Outcome,
  type ProposerConfig,
  type ProposerEffect,
  type ProposerEvent,
  type ProposerState,
} from "../walproposer/proposer-state.ts";
import { type LinkOptions, SyncLink } from "./native-sync-link.ts";
import { WalReader } from "./native-sync-wal.ts";
import type { SyncReport } from "./sync-process.ts";

/** What a native sync touches besides sockets. */
export interface NativeSyncPorts {
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For the whole sync. */
  readonly deadlineMs: number;
  /** A term that an earlier try heard of; this one's will be later. */
  readonly termFloor?: bigint;
}

const hostPortsMax = 31;
/** Trap 15: for the last words to arrive. */
const goodbyeMsMax = 200;

/**
 * Brings the safekeepers into agreement about where the WAL ends, as `postgres --sync-safekeepers` does (SK-30 to SK-51),
 * once: retries are the caller's (SK-24). When the time is over and a quorum has everything, that is a success; when not,
 * the error says of each safekeeper where it stands.
 * @throws ConnectionTargetError when it cannot even be tried; the refusal of a safekeeper, which no retry will change, when
 * too many refuse us for good; NoAgreementInTime; NoAgreement when they are at odds; the signal's reason when it fires
 */
export async function syncSafekeepersNatively(sync: NativeSync, ports: NativeSyncPorts): Promise<SyncReport> {
  const { log, clock, signal } = ports;
  signal.throwIfAborted();
  checkList(sync);
  const startedMs = clock.monotonicMs();
  const run = new SyncRun(sync, ports);
  try {
    const outcome = await unlessAborted(run.start(), signal);
    if (outcome.kind === "aborted") {
      const message = `the safekeepers do not agree on where the WAL ends: ${outcome.reason}`;
      throw run.isLate ? new NoAgreementInTime(message) : new NoAgreement(message, outcome.term);
    }
    await run.sayGoodbye();
    const durationMs = Math.floor(clock.monotonicMs() - startedMs);
    log.info(`safekeepers agree that the WAL ends at ${formatLsn(outcome.lsn)}`, { duration_ms: durationMs });
    return { lsn: outcome.lsn, durationMs };
  } finally {
    await run.close();
  }
}

/** SK-30. */
function checkList({ hostPorts, generation, protocolVersion }: NativeSync): void {
  if (hostPorts.length < 1 || hostPorts.length > hostPortsMax) {
    throw new ConnectionTargetError(
      `${hostPorts.length} safekeepers in the list; there have to be 1 to ${hostPortsMax}`,
    );
  }
  if (generation > 0 && protocolVersion === 2) {
    throw new ConnectionTargetError("safekeepers with a generation need protocol version 3");
  }
  for (const entry of hostPorts) parseHostPort(entry);
}

/** Carries out what the proposer wants, and tells it what comes of it. */
class SyncRun {
  readonly #hosts: readonly string[];
  readonly #options: LinkOptions;
  readonly #reconnectMs: number;
  readonly #ports: NativeSyncPorts;
  readonly #links = new Map<number, SyncLink>();
  readonly #readers = new Map<number, WalReader>();
  /** Connections that may still be closing. */
  readonly #all = new Set<SyncLink>();
  readonly #refusing = new Set<number>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #outcome = Promise.withResolvers<Outcome>();
  #state: ProposerState;
  #isLate = false;

  constructor(sync: NativeSync, ports: NativeSyncPorts) {
    const { hostPorts, generation, tenantId, timelineId, pgVersion, connectMsMax } = sync;
    const config: ProposerConfig = {
      hostPorts,
      generation,
      tenantId,
      timelineId,
      pgVersion,
      termFloor: ports.termFloor ?? 0n,
      silenceMsMax: connectMsMax,
      walBytesMax: walPayloadBytesMax,
    };
    this.#hosts = hostPorts;
    this.#ports = ports;
    this.#state = newProposer(config);
    this.#reconnectMs = sync.reconnectMs;
    this.#options = {
      ...sync,
      mayCreate: generation === 0,
      // A voter may have to wait for others as long as there is time at all; the proposer watches the rest.
      idleMsMax: ports.deadlineMs + connectMsMax,
    };
  }

  /** Whether the time is over. */
  get isLate(): boolean {
    return this.#isLate;
  }

  start(): Promise<Outcome> {
    this.#timers.push(setInterval(() => this.#tick(), this.#reconnectMs));
    this.#timers.push(setTimeout(() => this.#onDeadline(), this.#ports.deadlineMs));
    this.#dispatch({ kind: "start" });
    return this.#outcome.promise;
  }

  /** Lets the last messages arrive: a close with unread input would be a reset, which may overtake them. */
  async sayGoodbye(): Promise<void> {
    this.#stopTimers();
    const active = [...this.#links].filter(([index]) => this.#state.links[index]?.phase === "active");
    for (const [, link] of active) link.halfClose();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, goodbyeMsMax);
    await Promise.race([Promise.all(active.map(([, link]) => link.ended)), late.promise]);
    clearTimeout(timer);
  }

  /** Lets go of everything; when it resolves, nothing of this run goes on. */
  async close(): Promise<void> {
    this.#stopTimers();
    for (const reader of this.#readers.values()) reader.close();
    for (const link of this.#links.values()) link.close();
    await Promise.all([...this.#all].map(({ ended }) => ended));
  }

  #onDeadline(): void {
    this.#isLate = true;
    this.#dispatch({ kind: "deadline" });
  }

  #stopTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #tick(): void {
    this.#dispatch({ kind: "tick" });
    const line = streamingLine(this.#state);
    if (line !== undefined) this.#ports.log.info(line);
  }

  #dispatch(event: WithoutTime<ProposerEvent>): void {
    try {
      const before = this.#state;
      const { state, effects } = step(before, { ...event, nowMs: this.#ports.clock.monotonicMs() });
      this.#state = state;
      for (const line of progressLines(before, state)) this.#ports.log.info(line);
      for (const effect of effects) this.#carryOut(effect);
    } catch (error) {
      // From a timer it would end the process.
      this.#outcome.reject(error);
    }
  }

  #carryOut(effect: ProposerEffect): void {
    switch (effect.kind) {
      case "open":
        this.#openLink(effect.link);
        break;
      case "close":
        this.#closeLink(effect.link);
        break;
      case "send":
        this.#links.get(effect.link)?.send(effect.message);
        break;
      case "read-wal":
        void this.#readWal(effect);
        break;
      case "end":
        this.#outcome.resolve(effect.outcome);
        break;
    }
  }

  #openLink(index: number): void {
    const host = this.#hosts[index];
    if (host === undefined) return;
    const link = new SyncLink(host, this.#options, {
      up: () => this.#dispatch({ kind: "link-up", link: index }),
      message: (message) => this.#dispatch({ kind: "message", link: index, message }),
      down: (reason, error) => {
        if (isHopeless(error)) this.#refuse(index, error);
        this.#dispatch({ kind: "link-down", link: index, reason });
      },
    });
    this.#links.set(index, link);
    this.#all.add(link);
    void link.ended.then(() => this.#all.delete(link));
  }

  /** There is no use in waiting when so many refuse us for good, as for a bad token, that the others are no quorum. */
  #refuse(index: number, error: unknown): void {
    this.#refusing.add(index);
    const count = this.#hosts.length;
    if (count - this.#refusing.size < majority(count)) this.#outcome.reject(error);
  }

  #closeLink(index: number): void {
    this.#readers.get(index)?.close();
    this.#readers.delete(index);
    this.#links.get(index)?.close();
    this.#links.delete(index);
  }

  async #readWal({ link: index, source: from, term, beginLsn, endLsn }: ReadWal): Promise<void> {
    const [link, source] = [this.#links.get(index), this.#hosts[from]];
    if (link === undefined || source === undefined) return;
    const reader = this.#readers.get(index) ?? new WalReader(this.#options, link.signal);
    this.#readers.set(index, reader);
    try {
      // A slow receiver holds up the reading, so that no WAL piles up here.
      await link.drained();
      const data = await reader.read({ source, term, beginLsn, endLsn });
      if (!link.signal.aborted) this.#dispatch({ kind: "wal", link: index, beginLsn, data });
    } catch (error) {
      const reason = `could not read WAL for it from ${this.#state.config.hostPorts[from]}: ${describeError(error)}`;
      if (!link.signal.aborted) this.#dispatch({ kind: "wal-failed", link: index, reason });
    }
  }
}

type ReadWal = Extract<ProposerEffect, { readonly kind: "read-wal" }>;
type WithoutTime<Event> = Event extends unknown ? Omit<Event, "nowMs"> : never;
