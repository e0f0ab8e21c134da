import type { Lsn } from "../../src/base/lsn.ts";
import { step } from "../../src/storage/walproposer/proposer.ts";
import {
  newProposer,
  type Outcome,
  type ProposerConfig,
  type ProposerEffect,
  type ProposerEvent,
  type ProposerState,
} from "../../src/storage/walproposer/proposer-state.ts";
import type { Connection, Network } from "./network.ts";

const tickMs = 1000;
const deadlineMs = 20_000;

/** A sync of safekeepers in a simulation, from its start to its end or its sudden death. */
export class SimulatedSync {
  readonly #network: Network;
  readonly #name: string;
  /** By the place in the proposer's list, the index of the acceptor. */
  readonly #acceptors: readonly number[];
  readonly #connections = new Map<number, Connection>();
  readonly #committedAtStart: Lsn;
  readonly #onEnd: (outcome: Outcome) => void;
  #state: ProposerState;
  #isOver = false;

  constructor(
    network: Network,
    name: string,
    config: ProposerConfig,
    acceptors: readonly number[],
    onEnd: (outcome: Outcome) => void,
  ) {
    this.#network = network;
    this.#name = name;
    this.#acceptors = acceptors;
    this.#onEnd = onEnd;
    this.#committedAtStart = network.ledger.committedLsn;
    this.#state = newProposer(config);
    this.#tick();
    network.schedule.after(deadlineMs, () => this.#dispatch({ kind: "deadline" }));
    this.#dispatch({ kind: "start" });
  }

  /** The process is gone; what it sent may still arrive. */
  kill(): void {
    this.#isOver = true;
    for (const connection of this.#connections.values()) connection.close();
  }

  #tick(): void {
    this.#network.schedule.after(tickMs, () => {
      if (this.#isOver) return;
      this.#dispatch({ kind: "tick" });
      this.#tick();
    });
  }

  #dispatch(event: WithoutTime<ProposerEvent>): void {
    if (this.#isOver) return;
    const before = this.#state;
    const { state, effects } = step(before, { ...event, nowMs: this.#network.schedule.nowMs });
    this.#state = state;
    if (state.commitLsn > before.commitLsn) this.#network.ledger.claim(state.term, state.commitLsn, this.#name);
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: ProposerEffect): void {
    switch (effect.kind) {
      case "open":
        this.#open(effect.link);
        break;
      case "close":
        this.#connections.get(effect.link)?.close();
        this.#connections.delete(effect.link);
        break;
      case "send":
        this.#connections.get(effect.link)?.send(effect.message);
        break;
      case "read-wal":
        this.#read(effect);
        break;
      case "end":
        this.#end(effect.outcome);
        break;
    }
  }

  #open(link: number): void {
    const connection = this.#network.connect(this.#acceptors[link] ?? 0, {
      up: () => this.#dispatch({ kind: "link-up", link }),
      message: (message) => this.#dispatch({ kind: "message", link, message }),
      down: (reason) => this.#dispatch({ kind: "link-down", link, reason }),
    });
    this.#connections.set(link, connection);
  }

  #read({ link, source, term, beginLsn, endLsn }: Extract<ProposerEffect, { readonly kind: "read-wal" }>): void {
    const { schedule, random, weather } = this.#network;
    const connection = this.#connections.get(link);
    const from = this.#network.acceptor(this.#acceptors[source] ?? 0);
    schedule.after(this.#network.delayMs(), () => {
      if (this.#connections.get(link) !== connection) return;
      const { state } = from;
      const fails = random.chance(weather.cutShare) || state?.control.term !== term || state.control.flushLsn < endLsn;
      if (fails) {
        this.#dispatch({ kind: "wal-failed", link, reason: "the source does not have it" });
      } else {
        const wal = from.wal(endLsn);
        const data = Buffer.from(wal.subarray(wal.length - Number(endLsn - beginLsn)));
        this.#dispatch({ kind: "wal", link, beginLsn, data });
      }
    });
  }

  #end(outcome: Outcome): void {
    this.#isOver = true;
    if (outcome.kind === "finished" && outcome.lsn > 0n) {
      this.#network.ledger.result(this.#state.term, outcome.lsn, this.#committedAtStart, this.#name);
    }
    for (const connection of this.#connections.values()) connection.close();
    this.#onEnd(outcome);
  }
}

type WithoutTime<Event> = Event extends unknown ? Omit<Event, "nowMs"> : never;
