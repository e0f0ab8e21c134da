import type { AcceptorMessage, ProposerMessage } from "../../src/storage/walproposer/messages.ts";
import { codecV3 } from "../../src/storage/walproposer/messages-v3.ts";
import type { Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";
import type { SimulatedAcceptor } from "./simulated-acceptor.ts";

/** How bad things are. Shares are of 1. */
export interface Weather {
  readonly delayMsMax: number;
  /** A connection is cut at a message. */
  readonly cutShare: number;
  /** A message is lost or overtaken, and those behind it arrive: worse than TCP. */
  readonly chaosShare: number;
  /** An acceptor goes down in the middle of a message. */
  readonly crashShare: number;
  /** A connection attempt gets no answer at all. */
  readonly blackHoleShare: number;
}

/** What a proposer hears of a connection. */
export interface Hearer {
  up(): void;
  message(message: AcceptorMessage): void;
  down(reason: string): void;
}

/** The network between proposers and acceptors, in simulated time. */
export class Network {
  readonly schedule: Schedule;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly #acceptors: readonly SimulatedAcceptor[];
  readonly #connections = new Set<Connection>();
  weather: Weather;

  constructor(
    schedule: Schedule,
    random: Random,
    ledger: Ledger,
    acceptors: readonly SimulatedAcceptor[],
    weather: Weather,
  ) {
    this.schedule = schedule;
    this.random = random;
    this.ledger = ledger;
    this.#acceptors = acceptors;
    this.weather = weather;
  }

  /** @throws RangeError for an acceptor that does not exist */
  acceptor(index: number): SimulatedAcceptor {
    const acceptor = this.#acceptors[index];
    if (acceptor === undefined) throw new RangeError(`no acceptor ${index}`);
    return acceptor;
  }

  connect(index: number, hearer: Hearer): Connection {
    const connection = new Connection(this, this.acceptor(index), hearer);
    this.#connections.add(connection);
    if (this.random.chance(this.weather.blackHoleShare)) return connection;
    this.schedule.after(this.delayMs(), () => connection.establish());
    return connection;
  }

  crash(index: number): void {
    this.acceptor(index).crash();
    this.cutAll(this.acceptor(index));
  }

  /** Cuts all connections of an acceptor that went down. */
  cutAll(acceptor: SimulatedAcceptor): void {
    for (const connection of this.#connections) if (connection.acceptor === acceptor) connection.cut();
    this.ledger.checkKept();
  }

  forget(connection: Connection): void {
    this.#connections.delete(connection);
  }

  delayMs(): number {
    return this.random.between(0, this.weather.delayMsMax);
  }
}

/** One connection. What is on its way when it ends may still arrive at the acceptor. */
export class Connection {
  readonly acceptor: SimulatedAcceptor;
  readonly #network: Network;
  readonly #hearer: Hearer;
  /** Whether the proposer listens, and whether the acceptor does. */
  #heard = true;
  #served = false;
  #flushPlanned = false;
  /** The arrival of the last message in each direction: the next one arrives later. */
  readonly #lastArrivalMs = { toAcceptor: 0, toProposer: 0 };

  constructor(network: Network, acceptor: SimulatedAcceptor, hearer: Hearer) {
    this.#network = network;
    this.acceptor = acceptor;
    this.#hearer = hearer;
  }

  establish(): void {
    if (!this.#heard) return;
    if (this.acceptor.state === undefined) {
      this.#fall("connection refused");
      return;
    }
    this.#served = true;
    this.#hearer.up();
  }

  send(message: ProposerMessage): void {
    const bytes = codecV3.encodeProposer(message);
    this.#deliver("toAcceptor", () => this.#arrive(codecV3.decodeProposer(bytes)));
  }

  /** The proposer's end: it hears nothing any more; the acceptor notices after what is on its way. */
  close(): void {
    if (!this.#heard) return;
    this.#heard = false;
    this.#network.forget(this);
    this.#deliver("toAcceptor", () => {
      this.#served = false;
    });
  }

  /** Both ends are lost, and what is on its way. */
  cut(): void {
    this.#served = false;
    this.#network.schedule.after(this.#network.delayMs(), () => this.#fall("connection reset"));
  }

  #arrive(message: ProposerMessage | { readonly kind: "flush" }): void {
    if (!this.#served) return;
    const { schedule, weather, ledger } = this.#network;
    const { replies, owesReply, ends } = this.acceptor.handle(message, weather.crashShare);
    ledger.observe(this.acceptor);
    for (const reply of replies) this.#reply(reply);
    if (this.acceptor.state === undefined) this.#network.cutAll(this.acceptor);
    else if (ends) this.#end();
    if (!owesReply || this.#flushPlanned) return;
    this.#flushPlanned = true;
    schedule.after(this.#network.delayMs(), () => {
      this.#flushPlanned = false;
      this.#arrive({ kind: "flush" });
    });
  }

  #reply(message: AcceptorMessage): void {
    const bytes = codecV3.encodeAcceptor(message);
    this.#deliver("toProposer", () => {
      if (this.#heard) this.#hearer.message(codecV3.decodeAcceptor(bytes));
    });
  }

  #end(): void {
    this.#served = false;
    this.#deliver("toProposer", () => this.#fall("the acceptor hung up"));
  }

  #fall(reason: string): void {
    if (!this.#heard) return;
    this.#heard = false;
    this.#network.forget(this);
    this.#hearer.down(reason);
  }

  #deliver(direction: "toAcceptor" | "toProposer", arrive: () => void): void {
    const { schedule, random, weather } = this.#network;
    if (random.chance(weather.cutShare)) {
      this.cut();
      return;
    }
    const wild = random.chance(weather.chaosShare);
    if (wild && random.chance(0.5)) return;
    const inOrderMs = Math.max(this.#lastArrivalMs[direction], schedule.nowMs + this.#network.delayMs());
    if (!wild) this.#lastArrivalMs[direction] = inOrderMs;
    schedule.at(wild ? schedule.nowMs : inOrderMs, arrive);
  }
}
