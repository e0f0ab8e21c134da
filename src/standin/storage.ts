import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { JWTPayload } from "jose";
import { parseTenantId, parseTimelineId, type TenantId, type TimelineId } from "../base/ids.ts";
import type { Lsn } from "../base/lsn.ts";
import { shardIndexes } from "../spec/pageserver-info.ts";
import { type MembershipConf, noConf } from "../storage/walproposer/messages.ts";
import { type StandinSafekeeper, startSafekeeper } from "./acceptor/safekeeper.ts";
import { makeBaseImage } from "./base-image.ts";
import type { FaultPlan, PageserverFault, SafekeeperFault } from "./faults.ts";
import type { ServerCertificate } from "./libpq-session.ts";
import { type StandinPageserver, startPageserver } from "./pageserver.ts";
import { type PostgresForUser, postgresForUser } from "./postgres-install.ts";
import type { PostgresMajor } from "./postgres-major.ts";
import { createTokenAuthority, type PublicKeys, type TokenAuthority } from "./token.ts";

/** The ids under which the storage knows a branch. */
interface BranchIds {
  readonly tenantId: TenantId;
  readonly timelineId: TimelineId;
}

/** A branch as the control plane makes it. */
interface NewBranch extends BranchIds {
  /**
   * That of its safekeepers' membership configuration, which a spec repeats as `safekeepers_generation`; 0 or nothing for a
   * branch without one (SK-30, SK-42).
   */
  readonly safekeepersGeneration?: number;
}

export interface StorageOptions {
  readonly major: PostgresMajor;
  /** Holds the base image, and a copy of Postgres where one is needed; every user must be able to enter it. */
  readonly workdir: string;
  /** Whether the servers ask for a token. */
  readonly tokens: boolean;
  /** How many safekeepers to start. */
  readonly safekeepers: number;
  /** Into how many shards the tenant is cut, each with a pageserver of its own; not at all when it is left out. */
  readonly shards?: number;
  /** How long LSN leases last, in milliseconds. */
  readonly leaseMs?: number;
  /** Set where the pageservers insist on TLS. */
  readonly pageserverTls?: ServerCertificate;
  /** The branch that they hold; a random one when it is left out. */
  readonly branch?: NewBranch;
  readonly faults?: {
    /** Of every pageserver. */
    readonly pageserver?: FaultPlan<PageserverFault>;
    /** By the index of the safekeeper. */
    readonly safekeepers?: readonly (FaultPlan<SafekeeperFault> | null)[];
  };
}

/** A running stand-in for Neon's storage, with one new branch in it. */
export interface StandinStorage {
  readonly tenantId: TenantId;
  readonly timelineId: TimelineId;
  /** Where the branch's log ends. */
  readonly lsn: Lsn;
  /** The Postgres that made the base image, and whom to run it as. */
  readonly postgres: PostgresForUser;
  /** Of the first shard. */
  readonly pageserverUrl: string;
  /** The spec's `pageserver_connection_info`, as JSON: where every shard is, by both protocols. */
  connectionInfo(preferProtocol: "libpq" | "grpc"): Readonly<Record<string, unknown>>;
  readonly safekeeperHostPorts: readonly string[];
  /** That of the first shard. */
  readonly pageserver: StandinPageserver;
  /** By the number of their shard. */
  readonly pageservers: readonly StandinPageserver[];
  readonly safekeepers: readonly StandinSafekeeper[];
  /** A token of any claims, signed by the key that the servers trust; `{ scope: "tenant", tenant_id }` opens a tenant. */
  issueToken(claims: JWTPayload): Promise<string>;
  /** The public half of that key. */
  readonly jwks: PublicKeys;
  close(): Promise<void>;
}

/**
 * Starts pageservers and safekeepers on free ports of 127.0.0.1 that hold one freshly made branch. For development and
 * tests: the safekeepers are real ones, but the pageservers take no WAL and serve no pages; the archive is a complete cluster, so
 * that stock Postgres starts from it.
 */
export async function startStorage(options: StorageOptions): Promise<StandinStorage> {
  const postgres = await postgresForUser(options);
  const image = await makeBaseImage({ ...options, postgres });
  const authority = await createTokenAuthority();
  const { safekeepersGeneration = 0, ...branch } = options.branch ?? randomBranch();
  const tokens: TokenAuthority | null = options.tokens ? authority : null;
  const { pageserver: pageserverFaults = null, safekeepers: safekeeperFaults = [] } = options.faults ?? {};
  const shardCount = options.shards ?? 0;
  const pageservers = await Promise.all(
    shardIndexes(shardCount).map((_, number) =>
      startPageserver({
        image,
        timelines: [branch],
        tokens,
        faults: pageserverFaults,
        shards: { count: shardCount, numbers: [number] },
        leaseMs: options.leaseMs,
        tls: options.pageserverTls,
      }),
    ),
  );
  const [pageserver] = pageservers;
  if (pageserver === undefined) throw new Error("a storage has at least one pageserver");
  // A new folder each time: several storages may share a workdir.
  const folder = await mkdtemp(join(options.workdir, "safekeepers-"));
  const safekeepers = await Promise.all(
    Array.from({ length: options.safekeepers }, (_, index) =>
      startSafekeeper({
        nodeId: nodeIdOf(index),
        folder: join(folder, String(index + 1)),
        tokens,
        faults: safekeeperFaults[index] ?? null,
      }),
    ),
  );
  const server = { pgVersion: options.major * 10_000, systemId: image.systemId };
  const conf = membership(safekeepersGeneration, safekeepers);
  for (const safekeeper of safekeepers) safekeeper.createTimeline({ ...branch, server, startLsn: image.lsn, conf });
  return {
    ...branch,
    lsn: image.lsn,
    postgres,
    pageserverUrl: libpqUrl(pageserver),
    connectionInfo: (preferProtocol) => ({
      shard_count: shardCount,
      stripe_size: shardCount === 0 ? null : stripePages,
      prefer_protocol: preferProtocol,
      shards: Object.fromEntries(
        shardIndexes(shardCount).map((index, number) => {
          const server = pageservers[number] ?? pageserver;
          const urls = { libpq_url: libpqUrl(server), grpc_url: grpcUrl(server, options.pageserverTls !== undefined) };
          return [index, { pageservers: [{ id: number + 1, ...urls }] }];
        }),
      ),
    }),
    safekeeperHostPorts: safekeepers.map(({ port }) => `127.0.0.1:${port}`),
    pageserver,
    pageservers,
    safekeepers,
    issueToken: authority.issue,
    jwks: authority.jwks,
    close: async () => {
      await Promise.all([...pageservers, ...safekeepers].map((server) => server.close()));
    },
  };
}

/** In pages of 8 KiB. */
const stripePages = 32_768;

function libpqUrl({ port }: StandinPageserver): string {
  return `postgresql://no_user@127.0.0.1:${port}`;
}

function grpcUrl({ grpcPort }: StandinPageserver, tls: boolean): string {
  return tls ? `https://127.0.0.1:${grpcPort}` : `grpc://no_user@127.0.0.1:${grpcPort}`;
}

/** All safekeepers are members; of generation 0 there is none. */
function membership(generation: number, safekeepers: readonly StandinSafekeeper[]): MembershipConf {
  if (generation === 0) return noConf;
  const members = safekeepers.map(({ port }, index) => ({ nodeId: nodeIdOf(index), host: "127.0.0.1", port }));
  return { generation, members, newMembers: [] };
}

function nodeIdOf(index: number): bigint {
  return BigInt(index + 1);
}

function randomBranch(): NewBranch {
  const tenantId = parseTenantId(randomBytes(16).toString("hex"));
  const timelineId = parseTimelineId(randomBytes(16).toString("hex"));
  if (tenantId === undefined || timelineId === undefined) throw new Error("random bytes made no id");
  return { tenantId, timelineId };
}
