import type { Lsn } from "../../src/base/lsn.ts";
import { type CountedVote, decideElection } from "../../src/storage/walproposer/election.ts";
import { type Electorate, isQuorum, lower, quorumPosition } from "../../src/storage/walproposer/membership.ts";
import {
  type AcceptorMessage,
  type AppendResponse,
  noConf,
  type TermHistory,
  type VoteResponse,
  walSegmentBytes,
} from "../../src/storage/walproposer/messages.ts";
import type { ProposerConfig } from "../../src/storage/walproposer/proposer-state.ts";
import { startPoint } from "../../src/storage/walproposer/term-history.ts";
import type { Connection, Network } from "./network.ts";

interface WriterLink {
  readonly nodeId: bigint;
  connection: Connection;
  greeted: boolean;
  vote: VoteResponse | null;
  sentLsn: Lsn | null;
  ack: AppendResponse | null;
}

/**
 * A compute that writes WAL after a sync, so that there is something to disagree about. It gets elected once, at the LSN of
 * the sync or not at all, writes for a while to those who have all WAL before that, and never connects anew.
 */
export class SimulatedWriter {
  readonly #network: Network;
  readonly #name: string;
  readonly #config: ProposerConfig;
  readonly #electorate: Electorate;
  readonly #generation: number;
  readonly #startLsn: Lsn;
  readonly #links: WriterLink[];
  #term = 0n;
  #phase: "collect" | "campaign" | "writing" | "gone" = "collect";
  #history: TermHistory = [];
  /** What was written, from the start on. */
  #wal: Buffer = Buffer.alloc(0);
  #commitLsn: Lsn = 0n;

  constructor(network: Network, name: string, config: ProposerConfig, electorate: Electorate, startLsn: Lsn) {
    this.#network = network;
    this.#name = name;
    this.#config = config;
    this.#electorate = electorate;
    this.#generation = electorate.kind === "members" ? electorate.conf.generation : 0;
    this.#startLsn = startLsn;
    this.#links = config.hostPorts.map((_, index) => this.#open(index));
  }

  kill(): void {
    this.#phase = "gone";
    for (const { connection } of this.#links) connection.close();
  }

  #open(index: number): WriterLink {
    const connection = this.#network.connect(index, {
      up: () => this.#greet(index),
      message: (message) => this.#hear(index, message),
      down: () => {},
    });
    const { nodeId } = this.#network.acceptor(index);
    return { nodeId, connection, greeted: false, vote: null, sentLsn: null, ack: null };
  }

  #greet(index: number): void {
    const { tenantId, timelineId, pgVersion } = this.#config;
    const facts = { conf: noConf, pgVersion, systemId: 0n, segmentBytes: walSegmentBytes };
    this.#links[index]?.connection.send({ kind: "greeting", tenantId, timelineId, ...facts });
  }

  #hear(index: number, message: AcceptorMessage): void {
    const link = this.#links[index];
    if (link === undefined || this.#phase === "gone") return;
    if (message.term > this.#term && this.#phase !== "collect") {
      this.kill();
    } else if (message.kind === "greeting" && this.#phase === "collect") {
      link.greeted = true;
      if (message.term > this.#term) this.#term = message.term;
      this.#campaign();
    } else if (message.kind === "vote-response" && message.given && this.#phase === "campaign") {
      link.vote = message;
      this.#elect();
    } else if (message.kind === "append-response" && message.term === this.#term) {
      link.ack = message;
      this.#commit();
    }
  }

  #campaign(): void {
    const greeted = this.#links.filter((link) => link.greeted);
    if (!isQuorum(this.#electorate, greeted)) return;
    this.#phase = "campaign";
    this.#term += 1n;
    const request = { kind: "vote-request", generation: this.#generation, term: this.#term } as const;
    for (const { connection } of greeted) connection.send(request);
  }

  #elect(): void {
    const voters = this.#links.filter(({ vote }) => vote !== null);
    if (!isQuorum(this.#electorate, voters)) return;
    const votes = this.#links.flatMap(({ vote }, link): CountedVote[] => (vote === null ? [] : [{ link, vote }]));
    const { startLsn, history } = decideElection(votes, this.#term);
    // The base backup was taken at another place: a real compute would refuse to start.
    if (startLsn !== this.#startLsn) {
      this.kill();
      return;
    }
    this.#phase = "writing";
    this.#history = history;
    for (const link of voters) this.#begin(link);
    this.#write();
  }

  #begin(link: WriterLink): void {
    if (link.vote === null) return;
    const startStreamingAt = startPoint(this.#history, this.#term, link.vote);
    if (startStreamingAt !== this.#startLsn) return;
    const { generation, term, history } = { generation: this.#generation, term: this.#term, history: this.#history };
    link.connection.send({ kind: "elected", generation, term, startStreamingAt, history });
    link.sentLsn = startStreamingAt;
  }

  #write(): void {
    const { schedule, random } = this.#network;
    schedule.after(random.between(1, 300), () => {
      if (this.#phase !== "writing") return;
      const record = Buffer.alloc(8 * random.between(0, 6));
      for (let at = 0; at < record.length; at += 8) record.writeBigUInt64BE((this.#term << 32n) | this.#endLsn, at);
      this.#wal = Buffer.concat([this.#wal, record]);
      for (const link of this.#links) this.#send(link);
      this.#write();
    });
  }

  #send(link: WriterLink): void {
    if (link.sentLsn === null) return;
    const [beginLsn, generation, term, commitLsn] = [link.sentLsn, this.#generation, this.#term, this.#commitLsn];
    const everywhere = this.#links.map(({ ack }) => ack?.flushLsn ?? 0n).reduce(lower);
    const truncateLsn = lower(everywhere, commitLsn);
    const data = this.#wal.subarray(Number(beginLsn - this.#startLsn));
    link.connection.send({ kind: "append-request", generation, term, beginLsn, commitLsn, truncateLsn, data });
    link.sentLsn = this.#endLsn;
  }

  #commit(): void {
    const positions = this.#links.map(({ nodeId, ack }) => {
      const flushLsn = ack?.flushLsn ?? 0n;
      return { nodeId, flushLsn: flushLsn >= this.#startLsn ? flushLsn : 0n };
    });
    const commitLsn = quorumPosition(this.#electorate, positions);
    if (commitLsn <= this.#commitLsn) return;
    this.#commitLsn = commitLsn;
    this.#network.ledger.claim(this.#term, commitLsn, this.#name);
  }

  get #endLsn(): Lsn {
    return this.#startLsn + BigInt(this.#wal.length);
  }
}
