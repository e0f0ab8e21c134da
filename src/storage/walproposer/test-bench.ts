import { parseTenantId, parseTimelineId } from "../../base/ids.ts";
import { formatLsn, type Lsn } from "../../base/lsn.ts";
import {
  type AcceptorMessage,
  type MembershipConf,
  noConf,
  type ProposerMessage,
  type TermHistory,
  walPayloadBytesMax,
} from "./messages.ts";
import { step } from "./proposer.ts";
import {
  newProposer,
  type Outcome,
  type ProposerConfig,
  type ProposerEffect,
  type ProposerEvent,
  type ProposerState,
} from "./proposer-state.ts";

/** The places of the acceptors in the list. */
export const [a, b, c] = [0, 1, 2];

type WithoutTime<Event> = Event extends unknown ? Omit<Event, "nowMs"> : never;

/** What an acceptor says when it is asked for its vote. */
export interface Standing {
  readonly term: bigint;
  readonly flushLsn: Lsn;
  readonly history: TermHistory;
  readonly truncateLsn: Lsn;
}

export function history(...entries: readonly (readonly [bigint, bigint])[]): TermHistory {
  return entries.map(([term, lsn]) => ({ term, lsn }));
}

/** A proposer and everything that it wants done. Time stands still unless a test moves it. */
export class Bench {
  state: ProposerState;
  nowMs = 0;
  /** Since the last call of {@link take}. */
  #effects: ProposerEffect[] = [];

  constructor(config: Partial<ProposerConfig> = {}) {
    const tenantId = parseTenantId("a1b2c3d4e5f60718293a4b5c6d7e8f90");
    const timelineId = parseTimelineId("0f1e2d3c4b5a69788796a5b4c3d2e1f0");
    if (tenantId === undefined || timelineId === undefined) throw new Error("bad constants");
    this.state = newProposer({
      hostPorts: ["a:1", "b:1", "c:1"],
      generation: 0,
      tenantId,
      timelineId,
      pgVersion: 170_005,
      termFloor: 0n,
      silenceMsMax: 10_000,
      walBytesMax: walPayloadBytesMax,
      ...config,
    });
    this.tell({ kind: "start" });
  }

  tell(event: WithoutTime<ProposerEvent>): void {
    const { state, effects } = step(this.state, { ...event, nowMs: this.nowMs });
    this.state = state;
    this.#effects.push(...effects);
  }

  say(link: number, message: AcceptorMessage): void {
    this.tell({ kind: "message", link, message });
  }

  take(): readonly ProposerEffect[] {
    return this.#effects.splice(0);
  }

  greet(link: number, term: bigint, more: { readonly conf?: MembershipConf; readonly nodeId?: bigint } = {}): void {
    this.tell({ kind: "link-up", link });
    this.say(link, { kind: "greeting", nodeId: BigInt(link + 1), conf: noConf, term, ...more });
  }

  vote(link: number, standing: Standing, more: { readonly given?: boolean; readonly term?: bigint } = {}): void {
    const { term, conf } = this.state;
    const base = { kind: "vote-response", generation: conf.generation, given: true } as const;
    this.say(link, { ...base, ...standing, term, ...more });
  }

  ack(
    link: number,
    flushLsn: Lsn,
    commitLsn: Lsn,
    more: { readonly term?: bigint; readonly generation?: number } = {},
  ): void {
    const standby = { standbyTime: 0n, standbyXmin: 0n, standbyCatalogXmin: 0n, feedback: null };
    const { term, conf } = this.state;
    const base = { kind: "append-response", generation: conf.generation, term } as const;
    this.say(link, { ...base, flushLsn, commitLsn, ...standby, ...more });
  }

  /** Answers every wish to read WAL, until there is none; returns how many requests with WAL went to each link. */
  feed(): ReadonlyMap<number, number> {
    const requests = new Map<number, number>();
    for (let effects = this.take(); effects.length > 0; effects = this.take()) {
      for (const effect of effects) {
        if (effect.kind !== "read-wal") continue;
        const { link, beginLsn, endLsn } = effect;
        requests.set(link, (requests.get(link) ?? 0) + 1);
        this.tell({ kind: "wal", link, beginLsn, data: Buffer.alloc(Number(endLsn - beginLsn)) });
      }
    }
    return requests;
  }

  get outcome(): Outcome | null {
    return this.state.outcome;
  }

  /** Why it was aborted; empty when it was not. */
  get reason(): string {
    return this.state.outcome?.kind === "aborted" ? this.state.outcome.reason : "";
  }
}

export function sent(effects: readonly ProposerEffect[], link: number): readonly ProposerMessage[] {
  return effects.flatMap((effect) => (effect.kind === "send" && effect.link === link ? [effect.message] : []));
}

export function startPoints(effects: readonly ProposerEffect[]): ReadonlyMap<number, string> {
  return new Map(
    effects.flatMap((effect): [number, string][] =>
      effect.kind === "send" && effect.message.kind === "elected"
        ? [[effect.link, formatLsn(effect.message.startStreamingAt)]]
        : [],
    ),
  );
}

/** Greets and votes for some acceptors; the bench is then as it is right after the election. */
export function elect(standings: ReadonlyMap<number, Standing>, config: Partial<ProposerConfig> = {}): Bench {
  const bench = new Bench(config);
  for (const [link, { term }] of standings) bench.greet(link, term);
  for (const [link, standing] of standings) if (bench.outcome === null) bench.vote(link, standing);
  return bench;
}

const e3History = history([1n, 0x1500000n], [3n, 0x1800000n]);
/** The acceptors of scenario E3. */
export const e3: Readonly<Record<"a" | "b" | "c", Standing>> = {
  a: { term: 3n, flushLsn: 0x2000000n, history: e3History, truncateLsn: 0x1500000n },
  b: { term: 3n, flushLsn: 0x1900000n, history: e3History, truncateLsn: 0x1500000n },
  c: {
    term: 2n,
    flushLsn: 0x1a00000n,
    history: history([1n, 0x1500000n], [2n, 0x1700000n]),
    truncateLsn: 0x1500000n,
  },
};
/** Where the log of E3 ends. */
export const start = 0x2000000n;

/** Right after the election of E3 by A and B. */
export function electedE3(): Bench {
  const bench = elect(
    new Map([
      [a, e3.a],
      [b, e3.b],
    ]),
  );
  bench.take();
  return bench;
}
