import { formatLsn, type Lsn } from "../../src/base/lsn.ts";
import { type Electorate, isQuorum } from "../../src/storage/walproposer/membership.ts";
import { type SimulatedAcceptor, walBaseLsn } from "./simulated-acceptor.ts";

/** Watches a simulation for what must never happen, and remembers what did. */
export class Ledger {
  readonly violations: string[] = [];
  readonly #acceptors: readonly SimulatedAcceptor[];
  readonly #electorate: Electorate;
  /** The WAL that was ever committed, from the base on. */
  #committed: Buffer = Buffer.alloc(0);
  /** How far each term committed. */
  readonly #byTerm = new Map<bigint, Lsn>();
  /** The highest commit position on each disk. */
  readonly #onDisk = new Map<bigint, Lsn>();

  constructor(acceptors: readonly SimulatedAcceptor[], electorate: Electorate) {
    this.#acceptors = acceptors;
    this.#electorate = electorate;
  }

  get committedLsn(): Lsn {
    return walBaseLsn + BigInt(this.#committed.length);
  }

  /** After each step of an acceptor: what it takes for committed is the same for all, and stays. */
  observe(acceptor: SimulatedAcceptor): void {
    const { nodeId, control, state } = acceptor;
    const before = this.#onDisk.get(nodeId) ?? 0n;
    if (control.commitLsn < before) this.#report(`node ${nodeId}: commit went back to ${formatLsn(control.commitLsn)}`);
    if (control.flushLsn < control.commitLsn) this.#report(`node ${nodeId}: WAL ends before what is committed`);
    this.#onDisk.set(nodeId, control.commitLsn);
    const commitLsn = state?.commitLsn ?? control.commitLsn;
    this.#agree(acceptor.wal(commitLsn), `node ${nodeId}`);
  }

  /** A proposer holds that WAL up to there is committed: then a quorum has it, the same, on disk. */
  claim(term: bigint, lsn: Lsn, who: string): void {
    const holders = this.#acceptors.filter(({ control }) => control.flushLsn >= lsn);
    const agreeing = holders.map((holder) => holders.filter((other) => other.wal(lsn).equals(holder.wal(lsn))));
    const quorum = agreeing.find((group) => isQuorum(this.#electorate, group));
    const [first] = quorum ?? [];
    if (first === undefined) {
      this.#report(`${who}: ${formatLsn(lsn)} is on no quorum`);
      return;
    }
    this.#agree(first.wal(lsn), who);
    const known = this.#byTerm.get(term) ?? 0n;
    this.#byTerm.set(term, known > lsn ? known : lsn);
  }

  /** A sync of that term ended with that result; `atStartLsn` is what was committed when it began. */
  result(term: bigint, lsn: Lsn, atStartLsn: Lsn, who: string): void {
    this.claim(term, lsn, who);
    if (lsn < atStartLsn) this.#report(`${who}: result ${formatLsn(lsn)} is before ${formatLsn(atStartLsn)}`);
    for (const [other, committed] of this.#byTerm) {
      if (other <= term && committed > lsn)
        this.#report(`${who}: result ${formatLsn(lsn)} lacks ${formatLsn(committed)} of term ${other}`);
    }
  }

  /** What must hold at any time: a quorum has all that was ever committed. */
  checkKept(): void {
    const keepers = this.#acceptors.filter(
      (acceptor) =>
        acceptor.control.flushLsn >= this.committedLsn && acceptor.wal(this.committedLsn).equals(this.#committed),
    );
    if (!isQuorum(this.#electorate, keepers)) this.#report(`${formatLsn(this.committedLsn)} was lost by a quorum`);
  }

  report(violation: string): void {
    this.#report(violation);
  }

  #agree(wal: Buffer, who: string): void {
    const common = Math.min(wal.length, this.#committed.length);
    if (!wal.subarray(0, common).equals(this.#committed.subarray(0, common)))
      this.#report(`${who}: committed WAL differs below ${formatLsn(walBaseLsn + BigInt(common))}`);
    if (wal.length > this.#committed.length) this.#committed = Buffer.from(wal);
  }

  #report(violation: string): void {
    if (!this.violations.includes(violation)) this.violations.push(violation);
  }
}
