import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TenantId, TimelineId } from "../../base/ids.ts";
import { formatLsn, type Lsn } from "../../base/lsn.ts";
import { codecV2 } from "../../storage/walproposer/messages-v2.ts";
import { codecV3 } from "../../storage/walproposer/messages-v3.ts";
import type { Column } from "../../storage/wire/messages.ts";
import { CommandFailure, HangUp } from "../command-failure.ts";
import { createFaultSource, type FaultPlan, type SafekeeperFault } from "../faults.ts";
import { startLibpqServer } from "../libpq-server.ts";
import type { Client, LibpqService, Reply, RunCommand, ServerCertificate } from "../libpq-session.ts";
import type { RunningServer } from "../listen.ts";
import { parseSafekeeperOptions } from "../startup-options.ts";
import type { TokenAuthority } from "../token.ts";
import { refusal } from "../token-claims.ts";
import { parseSafekeeperCommand } from "./command.ts";
import type { NewTimeline } from "./control-state.ts";
import { receiveWal } from "./receive-wal.ts";
import { streamWal } from "./stream-wal.ts";
import { Timeline } from "./timeline.ts";

export interface StandinSafekeeper extends RunningServer {
  /** Makes a timeline, as the control plane does over HTTP (SK-61). */
  createTimeline(timeline: NewTimeline): void;
  /** Puts all timelines to another position. */
  setPosition(position: { readonly flushLsn: Lsn; readonly commitLsn: Lsn }): void;
  /** Replaces the fault plan; connections count from here. */
  setFaults(plan: FaultPlan<SafekeeperFault> | null): void;
}

export interface SafekeeperOptions {
  /** Not 0, and another one for each safekeeper. */
  readonly nodeId: bigint;
  /** Holds timelines, `<tenant>/<timeline>` each; they are served again after a restart. */
  readonly folder: string;
  /** Null lets everyone in. */
  readonly tokens: TokenAuthority | null;
  /** Set where clients must connect with TLS. */
  readonly tls?: ServerCertificate | undefined;
  readonly faults?: FaultPlan<SafekeeperFault> | null;
  /** Any free one unless given. */
  readonly port?: number;
}

interface Branch {
  readonly tenantId: TenantId;
  readonly timelineId: TimelineId;
}

const int4 = { typeOid: 23, typeSize: 4 } as const;
const text = { typeOid: 25, typeSize: -1 } as const;

const timelineStatusColumns: readonly Column[] = [
  { name: "flush_lsn", ...text },
  { name: "commit_lsn", ...text },
];
const identifySystemColumns: readonly Column[] = [
  { name: "systemid", ...text },
  { name: "timeline", ...int4 },
  { name: "xlogpos", ...text },
  { name: "dbname", ...text },
];

/** An acceptor on 127.0.0.1 that keeps WAL on disk and takes part in elections (SK-1, SK-2, SK-60 to SK-66). */
export async function startSafekeeper(options: SafekeeperOptions): Promise<StandinSafekeeper> {
  const faults = createFaultSource(options.faults ?? null);
  const timelines = new Timelines(options.folder, options.nodeId);
  const service: LibpqService<SafekeeperFault> = {
    name: "safekeeper",
    tls: options.tls,
    verifyToken: options.tokens?.verify ?? null,
    nextFault: faults.next,
    open: (client) => openClient(client, timelines),
  };
  const server = await startLibpqServer(service, options.port);
  return {
    ...server,
    createTimeline: (timeline) => void timelines.create(timeline),
    setPosition: (position) => {
      for (const timeline of timelines.all()) timeline.reset(position);
    },
    setFaults: faults.replace,
    close: async () => {
      await server.close();
      for (const timeline of timelines.all()) timeline.close();
    },
  };
}

/** The timelines of one safekeeper, read from disk when they are first asked for. */
class Timelines {
  readonly #folder: string;
  readonly #nodeId: bigint;
  readonly #open = new Map<string, Timeline>();

  constructor(folder: string, nodeId: bigint) {
    this.#folder = folder;
    this.#nodeId = nodeId;
  }

  find(branch: Branch): Timeline | undefined {
    const folder = this.#folderOf(branch);
    const known = this.#open.get(folder) ?? (existsSync(folder) ? Timeline.load(folder, this.#nodeId) : undefined);
    if (known !== undefined) this.#open.set(folder, known);
    return known;
  }

  create(timeline: NewTimeline): Timeline {
    const folder = this.#folderOf(timeline);
    const created = Timeline.create(folder, this.#nodeId, timeline);
    this.#open.set(folder, created);
    return created;
  }

  all(): Iterable<Timeline> {
    return this.#open.values();
  }

  #folderOf({ tenantId, timelineId }: Branch): string {
    return join(this.#folder, tenantId, timelineId);
  }
}

function openClient(client: Client<SafekeeperFault>, timelines: Timelines): RunCommand {
  const target = parseSafekeeperOptions(client.params.get("options") ?? "");
  if (target === undefined) throw new HangUp("a startup option does not parse");
  return async function* run(line): AsyncGenerator<Reply> {
    const { tenantId, timelineId } = target;
    const command = parseSafekeeperCommand(line);
    if (command.kind === "set") return yield complete("SELECT 1");
    if (tenantId === null) throw new CommandFailure("other", "tenantid is required");
    if (timelineId === null) throw new CommandFailure("other", "timelineid is required");
    const refused = client.claims === null ? undefined : refusal(client.claims, tenantId, "safekeeper");
    if (refused !== undefined) throw new CommandFailure("unauthorized", refused);
    const hides = client.fault?.kind === "no-row";
    const timeline = hides ? undefined : timelines.find({ tenantId, timelineId });
    switch (command.kind) {
      case "timeline-status":
        return yield* timelineStatus(timeline);
      case "identify-system":
        return yield* identifySystem(known(timeline), client.params.get("application_name") ?? "");
      case "start-replication": {
        const source = known(timeline);
        const { startLsn, term } = command;
        return yield { kind: "copyBoth", converse: (channel) => streamWal(channel, source, startLsn, term) };
      }
      case "start-wal-push": {
        const { version, mayCreate } = command;
        const codec = version === 2 ? codecV2 : codecV3;
        const create = (server: NewTimeline["server"]): Timeline | undefined =>
          mayCreate && !hides ? timelines.create({ tenantId, timelineId, server, startLsn: 0n }) : undefined;
        yield {
          kind: "copyBoth",
          converse: (channel) =>
            receiveWal(
              channel,
              codec,
              ({ pgVersion, systemId }) =>
                timeline ?? timelines.find({ tenantId, timelineId }) ?? create({ pgVersion, systemId }),
            ),
        };
      }
    }
  };
}

function known(timeline: Timeline | undefined): Timeline {
  if (timeline === undefined) throw new CommandFailure("other", "this safekeeper does not hold the timeline");
  return timeline;
}

function* timelineStatus(timeline: Timeline | undefined): Generator<Reply> {
  yield { kind: "rowDescription", columns: timelineStatusColumns };
  if (timeline !== undefined) {
    const { control, commitLsn } = timeline.state;
    yield { kind: "dataRow", values: [formatLsn(control.flushLsn), formatLsn(commitLsn)] };
  }
  yield complete("TIMELINE_STATUS");
}

function* identifySystem({ state }: Timeline, application: string): Generator<Reply> {
  // Who takes part in the consensus may see what is not committed yet.
  const seesAll = application === "wal_proposer_recovery" || application.startsWith("safekeeper");
  const end = seesAll ? state.control.flushLsn : state.commitLsn;
  yield { kind: "rowDescription", columns: identifySystemColumns };
  yield { kind: "dataRow", values: [state.control.server.systemId.toString(), "1", formatLsn(end), null] };
  yield complete("IDENTIFY_SYSTEM");
}

function complete(tag: string): Reply {
  return { kind: "commandComplete", tag };
}
