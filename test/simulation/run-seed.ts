import { parseTenantId, parseTimelineId } from "../../src/base/ids.ts";
import { acceptorStep } from "../../src/standin/acceptor/acceptor.ts";
import { newControlState } from "../../src/standin/acceptor/control-state.ts";
import type { Electorate } from "../../src/storage/walproposer/membership.ts";
import { type Member, type MembershipConf, noConf } from "../../src/storage/walproposer/messages.ts";
import type { ProposerConfig } from "../../src/storage/walproposer/proposer-state.ts";
import { Ledger } from "./ledger.ts";
import { Network, type Weather } from "./network.ts";
import { Random } from "./random.ts";
import { Schedule } from "./schedule.ts";
import { type AcceptorLogic, SimulatedAcceptor, walBaseLsn } from "./simulated-acceptor.ts";
import { SimulatedSync } from "./simulated-sync.ts";
import { SimulatedWriter } from "./simulated-writer.ts";

/** What tests break on purpose. */
export interface Sabotage {
  readonly acceptor?: AcceptorLogic;
  /** How many of the acceptors each proposer knows, which makes its quorum too small. */
  readonly knownAcceptors?: number;
}

/** What happened under one seed. */
export interface SeedReport {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly syncs: number;
  readonly finished: number;
  /** Bytes of WAL that were committed. */
  readonly committedBytes: number;
}

const tenantId = parseTenantId("a1b2c3d4e5f60718293a4b5c6d7e8f90");
const timelineId = parseTimelineId("0f1e2d3c4b5a69788796a5b4c3d2e1f0");
const pgVersion = 170_005;
const calm: Weather = { delayMsMax: 5, cutShare: 0, chaosShare: 0, crashShare: 0, blackHoleShare: 0 };
/** Tries of the sync after the storm: acceptors may have to be outvoted once or twice. */
const finalTriesMax = 6;

/** Plays one schedule of proposers, acceptors and mishaps, which depends on nothing but the seed; then all must come right. */
export function runSeed(seed: number, sabotage: Sabotage = {}): SeedReport {
  return new Simulation(seed, sabotage).run();
}

class Simulation {
  readonly #seed: number;
  readonly #sabotage: Sabotage;
  readonly #random: Random;
  readonly #schedule = new Schedule();
  readonly #acceptors: readonly SimulatedAcceptor[];
  readonly #electorate: Electorate;
  readonly #ledger: Ledger;
  readonly #network: Network;
  readonly #actors: { kill(): void }[] = [];
  #isOver = false;
  #syncs = 0;
  #finished = 0;

  constructor(seed: number, sabotage: Sabotage) {
    this.#seed = seed;
    this.#sabotage = sabotage;
    this.#random = new Random(seed);
    const count = this.#random.between(3, 5);
    const conf = this.#random.chance(0.3) ? this.#someConf(count) : noConf;
    this.#electorate = conf === noConf ? { kind: "entries", count } : { kind: "members", conf };
    this.#acceptors = Array.from({ length: count }, (_, index) => this.#newAcceptor(index, conf));
    this.#ledger = new Ledger(this.#acceptors, this.#electorate);
    const weather: Weather = {
      delayMsMax: this.#random.pick([3, 30, 300]),
      cutShare: this.#random.pick([0, 0.01, 0.05]),
      chaosShare: this.#random.pick([0, 0, 0.03]),
      crashShare: this.#random.pick([0, 0.01, 0.03]),
      blackHoleShare: this.#random.pick([0, 0.05]),
    };
    this.#network = new Network(this.#schedule, this.#random, this.#ledger, this.#acceptors, weather);
  }

  run(): SeedReport {
    this.#spawnSyncs();
    this.#crashAcceptors();
    this.#repairAcceptors();
    this.#killProposers();
    this.#schedule.run(this.#random.between(10, 60) * 1000);
    this.#calmDown();
    this.#ledger.checkKept();
    return {
      seed: this.#seed,
      violations: this.#ledger.violations,
      syncs: this.#syncs,
      finished: this.#finished,
      committedBytes: Number(this.#ledger.committedLsn - walBaseLsn),
    };
  }

  /** The storm is over: a sync has to succeed now, and to know of everything. */
  #calmDown(): void {
    this.#isOver = true;
    this.#network.weather = calm;
    for (const actor of this.#actors) actor.kill();
    for (const acceptor of this.#acceptors) acceptor.restart();
    // What is still on its way arrives first.
    this.#schedule.run(this.#schedule.nowMs + 1000);
    const before = this.#finished;
    for (let tries = 0; tries < finalTriesMax && this.#finished === before; tries += 1) {
      const ended = this.#syncs + 1;
      let isOver = false;
      this.#spawnSync(() => {
        isOver = true;
      });
      this.#schedule.run(this.#schedule.nowMs + 30_000, () => isOver && this.#syncs === ended);
    }
    if (this.#finished === before) this.#ledger.report("no sync succeeds although all acceptors are up");
  }

  #spawnSyncs(): void {
    this.#every(2500, () => {
      this.#spawnSync((lsn) => {
        if (lsn > 0n && !this.#isOver && this.#random.chance(0.8)) this.#spawnWriter(lsn);
      });
    });
  }

  #spawnSync(onEnd: (lsn: bigint) => void): void {
    this.#syncs += 1;
    const known = this.#knownAcceptors();
    const name = `sync ${this.#syncs}`;
    const sync = new SimulatedSync(this.#network, name, this.#config(known), known, (outcome) => {
      if (outcome.kind === "finished") this.#finished += 1;
      onEnd(outcome.kind === "finished" ? outcome.lsn : 0n);
    });
    this.#actors.push(sync);
  }

  #spawnWriter(lsn: bigint): void {
    const all = this.#acceptors.map((_, index) => index);
    const name = `writer after sync ${this.#syncs}`;
    this.#actors.push(new SimulatedWriter(this.#network, name, this.#config(all), this.#electorate, lsn));
  }

  #crashAcceptors(): void {
    if (this.#random.chance(0.2)) return;
    this.#every(4000, () => this.#network.crash(this.#random.between(0, this.#acceptors.length - 1)));
  }

  #repairAcceptors(): void {
    this.#every(1500, () => this.#random.pick(this.#acceptors).restart());
  }

  #killProposers(): void {
    this.#every(5000, () => {
      if (this.#actors.length > 0) this.#random.pick(this.#actors).kill();
    });
  }

  /** Does something again and again, on average that often, until the storm is over. */
  #every(meanMs: number, what: () => void): void {
    this.#schedule.after(this.#random.between(0, 2 * meanMs), () => {
      if (this.#isOver) return;
      what();
      this.#every(meanMs, what);
    });
  }

  #knownAcceptors(): readonly number[] {
    const all = this.#acceptors.map((_, index) => index);
    const { knownAcceptors = all.length } = this.#sabotage;
    const first = knownAcceptors === all.length ? 0 : this.#random.between(0, all.length - 1);
    return Array.from({ length: knownAcceptors }, (_, index) => (first + index) % all.length);
  }

  #config(known: readonly number[]): ProposerConfig {
    if (tenantId === undefined || timelineId === undefined) throw new Error("bad constants");
    return {
      hostPorts: known.map((index) => `sk${index}:5454`),
      generation: this.#electorate.kind === "members" ? this.#electorate.conf.generation : 0,
      tenantId,
      timelineId,
      pgVersion,
      termFloor: 0n,
      silenceMsMax: 10_000,
      walBytesMax: this.#random.pick([8, 64, 131_072]),
    };
  }

  #newAcceptor(index: number, conf: MembershipConf): SimulatedAcceptor {
    if (tenantId === undefined || timelineId === undefined) throw new Error("bad constants");
    const server = { pgVersion, systemId: 42n };
    const control = newControlState({ tenantId, timelineId, server, startLsn: walBaseLsn, conf });
    return new SimulatedAcceptor(nodeIdOf(index), control, this.#random, this.#sabotage.acceptor ?? acceptorStep);
  }

  /** Some or all acceptors as members, sometimes in the middle of a change. */
  #someConf(count: number): MembershipConf {
    const some = (): readonly Member[] => {
      const size = this.#random.between(Math.min(3, count), count);
      const first = this.#random.between(0, count - 1);
      return Array.from({ length: size }, (_, at) => {
        const index = (first + at) % count;
        return { nodeId: nodeIdOf(index), host: `sk${index}`, port: 5454 };
      });
    };
    return { generation: 3, members: some(), newMembers: this.#random.chance(0.4) ? some() : [] };
  }
}

function nodeIdOf(index: number): bigint {
  return BigInt(index + 1);
}
