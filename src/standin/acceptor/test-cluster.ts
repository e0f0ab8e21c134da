import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseTenantId, parseTimelineId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { TermHistory } from "../../storage/walproposer/messages.ts";
import type { ServerCertificate } from "../libpq-session.ts";
import type { TokenAuthority } from "../token.ts";
import { type StandinSafekeeper, startSafekeeper } from "./safekeeper.ts";
import { readStanding, type Standing, walOfTerm, writeStanding } from "./test-timeline.ts";

const tenantId = parseTenantId("a1b2c3d4e5f60718293a4b5c6d7e8f90") ?? assert.fail();
const timelineId = parseTimelineId("0f1e2d3c4b5a69788796a5b4c3d2e1f0") ?? assert.fail();

/** The branch that a cluster holds. */
export const clusterBranch = { tenantId, timelineId };
const server = { pgVersion: 170_005, systemId: 42n };

/** What a test lets go of at its end. */
export interface Cleanup {
  after(release: () => Promise<void> | void): void;
}

/** Acceptors on disk and on sockets; null is one that does not know the timeline. */
export class Cluster {
  readonly safekeepers: StandinSafekeeper[] = [];
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(
    t: Cleanup,
    standings: readonly (Standing | null)[],
    {
      tokens = null,
      tls,
    }: {
      readonly tokens?: TokenAuthority | null;
      /** The certificate of each. */
      readonly tls?: readonly ServerCertificate[];
    } = {},
  ): Promise<Cluster> {
    const folder = await mkdtemp(join(tmpdir(), "acceptors-"));
    const cluster = new Cluster(folder);
    // One after the other: an acceptor that still takes part would write into a folder that is being removed.
    t.after(async () => {
      await Promise.all(cluster.safekeepers.map((safekeeper) => safekeeper.close()));
      await rm(folder, { recursive: true, force: true });
    });
    for (const [index, standing] of standings.entries()) {
      const own = join(folder, String(index));
      if (standing !== null) writeStanding(own, { ...clusterBranch, server }, standing);
      cluster.safekeepers.push(
        await startSafekeeper({ nodeId: BigInt(index + 1), folder: own, tokens, tls: tls?.[index] }),
      );
    }
    return cluster;
  }

  get hostPorts(): readonly string[] {
    return this.safekeepers.map(({ port }) => `127.0.0.1:${port}`);
  }

  port(index: number): number {
    return this.safekeepers[index]?.port ?? assert.fail(`no safekeeper ${index}`);
  }

  /** What is on the disk of one, with its WAL from there on. */
  onDisk(index: number, fromLsn: bigint) {
    return readStanding(join(this.#folder, String(index)), clusterBranch, fromLsn) ?? assert.fail("no timeline");
  }

  /** Checks that an acceptor is left as SK-51 says after a full sync. */
  assertSettled(index: number, elected: TermHistory): void {
    const last = elected.at(-1) ?? assert.fail();
    const first = elected[0] ?? assert.fail();
    const { control, wal } = this.onDisk(index, first.lsn);
    assert.equal(control.term, last.term);
    assert.deepEqual(control.history, elected);
    assert.equal(control.flushLsn, last.lsn);
    assert.equal(control.commitLsn, last.lsn);
    for (const [at, { term, lsn }] of elected.entries()) {
      const end = elected[at + 1]?.lsn ?? last.lsn;
      const found = wal.subarray(Number(lsn - first.lsn), Number(end - first.lsn));
      assert.ok(found.equals(walOfTerm(term, lsn, end)), `WAL of term ${term} on acceptor ${index}`);
    }
  }
}

/** A history written as pairs of term and LSN. */
export function history(...entries: readonly (readonly [bigint, bigint])[]): TermHistory {
  return entries.map(([term, lsn]) => ({ term, lsn }));
}

/** One that has all WAL, of which its last 0x100 bytes may not be committed. */
export const full: Standing = {
  term: 5n,
  flushLsn: 0x1600100n,
  history: history([1n, 0x1500000n], [5n, 0x1600000n]),
  truncateLsn: 0x1600000n,
};
/** Lacks those. */
export const shorter: Standing = { ...full, flushLsn: 0x1600000n };

/** A log that keeps its messages, of every level. */
export function logInto(lines: string[]): Log {
  const add = (message: string): void => void lines.push(message);
  const log: Log = { debug: add, info: add, warn: add, error: add, span: () => log };
  return log;
}
