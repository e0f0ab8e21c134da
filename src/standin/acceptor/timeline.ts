import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Lsn } from "../../base/lsn.ts";
import type { AcceptorMessage } from "../../storage/walproposer/messages.ts";
import {
  type AcceptorEffect,
  type AcceptorEvent,
  type AcceptorState,
  acceptorStep,
  startAcceptor,
} from "./acceptor.ts";
import { type NewTimeline, newControlState } from "./control-state.ts";
import { readStateFile, writeStateFile } from "./state-file.ts";
import { WalFiles } from "./wal-files.ts";

/** What a proposer is told, and whether it is owed an acknowledgement or hung up on. */
interface Handled {
  readonly replies: readonly AcceptorMessage[];
  readonly owesReply: boolean;
  readonly failure: string | null;
}

/** One timeline of an acceptor: the consensus on top of a folder. */
export class Timeline {
  readonly #statePath: string;
  readonly #wal: WalFiles;
  readonly #watchers = new Set<() => void>();
  #state: AcceptorState;
  /** How many proposers are connected. */
  proposers = 0;

  private constructor(folder: string, state: AcceptorState) {
    this.#statePath = statePath(folder);
    this.#wal = new WalFiles(folder);
    this.#state = state;
  }

  /** What the folder holds; undefined when it holds no timeline. */
  static load(folder: string, nodeId: bigint): Timeline | undefined {
    const control = readStateFile(statePath(folder));
    return control === undefined ? undefined : new Timeline(folder, startAcceptor(nodeId, control));
  }

  static create(folder: string, nodeId: bigint, timeline: NewTimeline): Timeline {
    mkdirSync(folder, { recursive: true });
    const control = newControlState(timeline);
    writeStateFile(statePath(folder), control);
    return new Timeline(folder, startAcceptor(nodeId, control));
  }

  get state(): AcceptorState {
    return this.#state;
  }

  /** Takes one step. When it returns, everything that was promised is on disk. */
  handle(event: AcceptorEvent): Handled {
    const { state, effects } = acceptorStep(this.#state, event);
    for (const effect of effects) this.#carryOut(effect);
    this.#state = state;
    for (const wake of this.#watchers) wake();
    const replies = effects.flatMap((effect) => (effect.kind === "reply" ? [effect.message] : []));
    const failure = effects.find((effect) => effect.kind === "fail")?.reason ?? null;
    return { replies, owesReply: effects.some(({ kind }) => kind === "owe-reply"), failure };
  }

  /** Puts the timeline to another position, as if it had come there by itself. WAL that is not there reads as zeros. */
  reset(position: { readonly flushLsn: Lsn; readonly commitLsn: Lsn }): void {
    const control = { ...this.#state.control, ...position };
    writeStateFile(this.#statePath, control);
    this.#state = { ...startAcceptor(this.#state.nodeId, control), peerHorizonLsn: this.#state.peerHorizonLsn };
    for (const wake of this.#watchers) wake();
  }

  readWal(lsn: Lsn, bytes: number): Buffer {
    return this.#wal.read(lsn, bytes);
  }

  /** Calls `wake` after every step, until the returned function is called. */
  watch(wake: () => void): () => void {
    this.#watchers.add(wake);
    return () => this.#watchers.delete(wake);
  }

  close(): void {
    this.#wal.close();
  }

  #carryOut(effect: AcceptorEffect): void {
    switch (effect.kind) {
      case "persist":
        writeStateFile(this.#statePath, effect.control);
        break;
      case "write":
        this.#wal.write(effect.beginLsn, effect.data);
        break;
      case "cut":
        this.#wal.cut(effect.lsn);
        break;
      case "sync-wal":
        this.#wal.sync();
        break;
      default:
    }
  }
}

function statePath(folder: string): string {
  return join(folder, "control.json");
}
