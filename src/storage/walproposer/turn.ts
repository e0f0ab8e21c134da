import type { Link, Outcome, ProposerEffect, ProposerState } from "./proposer-state.ts";

/** A link and its place in the list. */
export interface IndexedLink {
  readonly index: number;
  readonly link: Link;
}

/** One step of a proposer while it is being taken: the state so far and the effects so far. */
export class Turn {
  readonly nowMs: number;
  readonly effects: ProposerEffect[] = [];
  #state: ProposerState;

  constructor(state: ProposerState, nowMs: number) {
    this.#state = state;
    this.nowMs = nowMs;
  }

  get state(): ProposerState {
    return this.#state;
  }

  /** @throws RangeError for a link that is not in the list */
  link(index: number): Link {
    const link = this.#state.links[index];
    if (link === undefined) throw new RangeError(`no link ${index}`);
    return link;
  }

  linksIn(...phases: readonly Link["phase"][]): readonly IndexedLink[] {
    return this.#state.links.flatMap((link, index) => (phases.includes(link.phase) ? [{ index, link }] : []));
  }

  update(change: Partial<ProposerState>): void {
    this.#state = { ...this.#state, ...change };
  }

  updateLink(index: number, change: Partial<Link>): void {
    this.update({ links: this.#state.links.toSpliced(index, 1, { ...this.link(index), ...change }) });
  }

  do(effect: ProposerEffect): void {
    this.effects.push(effect);
  }

  open(index: number): void {
    this.updateLink(index, { phase: "connecting", sinceMs: this.nowMs, openedMs: this.nowMs });
    this.do({ kind: "open", link: index });
  }

  /** Drops a connection; the next tick opens a new one. */
  lose(index: number, trouble: string): void {
    this.updateLink(index, { phase: "offline", trouble, readingTo: null });
    this.do({ kind: "close", link: index });
  }

  end(outcome: Outcome): void {
    this.update({ outcome });
    this.do({ kind: "end", outcome });
  }

  /** @param heard a term that was heard of, if it is why */
  abort(reason: string, heard: bigint = this.#state.term): void {
    this.end({ kind: "aborted", reason, term: heard > this.#state.term ? heard : this.#state.term });
  }
}
