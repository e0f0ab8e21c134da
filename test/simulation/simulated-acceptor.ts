import {
  type AcceptorEffect,
  type AcceptorEvent,
  type AcceptorState,
  type acceptorStep,
  startAcceptor,
} from "../../src/standin/acceptor/acceptor.ts";
import type { ControlState } from "../../src/standin/acceptor/control-state.ts";
import type { AcceptorMessage } from "../../src/storage/walproposer/messages.ts";
import type { Random } from "./random.ts";

/** How an acceptor takes a step; tests put broken ones in its place. */
export type AcceptorLogic = typeof acceptorStep;

/** What came of a message. */
interface Handled {
  readonly replies: readonly AcceptorMessage[];
  readonly owesReply: boolean;
  /** Whether the acceptor hangs up, or went down. */
  readonly ends: boolean;
}

/** Where simulated WAL begins, and how much room there is for it. */
export const walBaseLsn = 0x1500000n;
const walBytesMax = 1 << 16;

/** An acceptor with a disk that forgets what was not synced when it goes down. */
export class SimulatedAcceptor {
  readonly nodeId: bigint;
  readonly #random: Random;
  readonly #logic: AcceptorLogic;
  readonly #wal = Buffer.alloc(walBytesMax);
  /** Up to where WAL survives. */
  #syncedBytes = 0;
  #control: ControlState;
  /** Undefined while it is down. */
  #state: AcceptorState | undefined;

  constructor(nodeId: bigint, control: ControlState, random: Random, logic: AcceptorLogic) {
    this.nodeId = nodeId;
    this.#control = control;
    this.#random = random;
    this.#logic = logic;
    this.#state = startAcceptor(nodeId, control);
  }

  /** What is in memory; undefined while it is down. */
  get state(): AcceptorState | undefined {
    return this.#state;
  }

  /** What is on disk. */
  get control(): ControlState {
    return this.#control;
  }

  /** WAL from the base to `lsn`. */
  wal(lsn: bigint): Buffer {
    return this.#wal.subarray(0, offset(lsn));
  }

  /** Takes a step. Now and then it goes down in the middle of it. */
  handle(event: AcceptorEvent, crashShare: number): Handled {
    if (this.#state === undefined) return { replies: [], owesReply: false, ends: true };
    const { state, effects } = this.#logic(this.#state, event);
    const crashAt = this.#random.chance(crashShare) ? this.#random.between(0, effects.length) : Number.NaN;
    const replies: AcceptorMessage[] = [];
    for (const [index, effect] of effects.entries()) {
      if (index === crashAt) break;
      if (effect.kind === "reply") replies.push(effect.message);
      else this.#carryOut(effect);
    }
    this.#state = state;
    if (!Number.isNaN(crashAt)) this.crash();
    const ends = !Number.isNaN(crashAt) || effects.some(({ kind }) => kind === "fail");
    return { replies, owesReply: effects.some(({ kind }) => kind === "owe-reply"), ends };
  }

  crash(): void {
    this.#state = undefined;
    // What was not synced may be there, or be gone, or be anything.
    for (let at = this.#syncedBytes; at < this.#wal.length && this.#random.chance(0.99); at += 1) {
      this.#wal[at] = this.#random.between(0, 255);
    }
  }

  restart(): void {
    this.#state ??= startAcceptor(this.nodeId, this.#control);
  }

  #carryOut(effect: AcceptorEffect): void {
    switch (effect.kind) {
      case "persist":
        this.#control = effect.control;
        break;
      case "write":
        effect.data.copy(this.#wal, offset(effect.beginLsn));
        this.#syncedBytes = Math.min(this.#syncedBytes, offset(effect.beginLsn));
        break;
      case "cut":
        this.#wal.fill(0, offset(effect.lsn));
        break;
      case "sync-wal":
        this.#syncedBytes = this.#wal.length;
        break;
      default:
    }
  }
}

function offset(lsn: bigint): number {
  return lsn < walBaseLsn ? 0 : Number(lsn - walBaseLsn);
}
