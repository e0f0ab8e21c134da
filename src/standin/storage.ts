import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { JWTPayload } from "jose";
import { parseTenantId, parseTimelineId, type TenantId, type TimelineId } from "../base/ids.ts";
import type { Lsn } from "../base/lsn.ts";
import { type StandinSafekeeper, startSafekeeper } from "./acceptor/safekeeper.ts";
import { makeBaseImage } from "./base-image.ts";
import type { FaultPlan, PageserverFault, SafekeeperFault } from "./faults.ts";
import { type StandinPageserver, startPageserver } from "./pageserver.ts";
import { type PostgresForUser, postgresForUser } from "./postgres-install.ts";
import type { PostgresMajor } from "./postgres-major.ts";
import { createTokenAuthority, type PublicKeys, type TokenAuthority } from "./token.ts";

/** The ids under which the storage knows a branch. */
interface Branch {
  readonly tenantId: TenantId;
  readonly timelineId: TimelineId;
}

export interface StorageOptions {
  readonly major: PostgresMajor;
  /** Holds the base image, and a copy of Postgres where one is needed; every user must be able to enter it. */
  readonly workdir: string;
  /** Whether the servers ask for a token. */
  readonly tokens: boolean;
  /** How many safekeepers to start. */
  readonly safekeepers: number;
  /** The branch that they hold; a random one when it is left out. */
  readonly branch?: Branch;
  readonly faults?: {
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
  readonly pageserverUrl: string;
  readonly safekeeperHostPorts: readonly string[];
  readonly pageserver: StandinPageserver;
  readonly safekeepers: readonly StandinSafekeeper[];
  /** A token of any claims, signed by the key that the servers trust; `{ scope: "tenant", tenant_id }` opens a tenant. */
  issueToken(claims: JWTPayload): Promise<string>;
  /** The public half of that key. */
  readonly jwks: PublicKeys;
  close(): Promise<void>;
}

/**
 * Starts a pageserver and safekeepers on free ports of 127.0.0.1 that hold one freshly made branch. For development and
 * tests: the safekeepers are real ones, but the pageserver takes no WAL and serves no pages; the archive is a complete cluster, so that stock Postgres
 * starts from it.
 */
export async function startStorage(options: StorageOptions): Promise<StandinStorage> {
  const postgres = await postgresForUser(options);
  const image = await makeBaseImage({ ...options, postgres });
  const authority = await createTokenAuthority();
  const branch = options.branch ?? randomBranch();
  const tokens: TokenAuthority | null = options.tokens ? authority : null;
  const { pageserver: pageserverFaults = null, safekeepers: safekeeperFaults = [] } = options.faults ?? {};
  const pageserver = await startPageserver({ image, timelines: [branch], tokens, faults: pageserverFaults });
  // A new folder each time: several storages may share a workdir.
  const folder = await mkdtemp(join(options.workdir, "safekeepers-"));
  const safekeepers = await Promise.all(
    Array.from({ length: options.safekeepers }, (_, index) =>
      startSafekeeper({
        nodeId: BigInt(index + 1),
        folder: join(folder, String(index + 1)),
        tokens,
        faults: safekeeperFaults[index] ?? null,
      }),
    ),
  );
  const server = { pgVersion: options.major * 10_000, systemId: image.systemId };
  for (const safekeeper of safekeepers) safekeeper.createTimeline({ ...branch, server, startLsn: image.lsn });
  return {
    ...branch,
    lsn: image.lsn,
    postgres,
    pageserverUrl: `postgresql://no_user@127.0.0.1:${pageserver.port}`,
    safekeeperHostPorts: safekeepers.map(({ port }) => `127.0.0.1:${port}`),
    pageserver,
    safekeepers,
    issueToken: authority.issue,
    jwks: authority.jwks,
    close: async () => {
      await Promise.all([pageserver, ...safekeepers].map((server) => server.close()));
    },
  };
}

function randomBranch(): Branch {
  const tenantId = parseTenantId(randomBytes(16).toString("hex"));
  const timelineId = parseTimelineId(randomBytes(16).toString("hex"));
  if (tenantId === undefined || timelineId === undefined) throw new Error("random bytes made no id");
  return { tenantId, timelineId };
}
