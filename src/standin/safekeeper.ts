import type { TenantId, TimelineId } from "../base/ids.ts";
import { formatLsn, type Lsn } from "../base/lsn.ts";
import type { BackendMessage, Column } from "../storage/wire/messages.ts";
import { CommandFailure, HangUp } from "./command-failure.ts";
import { createFaultSource, type FaultPlan, type SafekeeperFault } from "./faults.ts";
import { type RunningServer, startLibpqServer } from "./libpq-server.ts";
import type { Client, LibpqService, RunCommand } from "./libpq-session.ts";
import { parseSafekeeperOptions } from "./startup-options.ts";
import type { TokenAuthority } from "./token.ts";
import { refusal } from "./token-claims.ts";

/** How far a safekeeper's log of its one timeline goes. */
interface SafekeeperPosition {
  readonly flushLsn: Lsn;
  readonly commitLsn: Lsn;
}

export interface StandinSafekeeper extends RunningServer {
  setPosition(position: SafekeeperPosition): void;
  /** Replaces the fault plan; connections count from here. */
  setFaults(plan: FaultPlan<SafekeeperFault> | null): void;
}

export interface SafekeeperOptions {
  readonly tenantId: TenantId;
  readonly timelineId: TimelineId;
  readonly systemId: bigint;
  readonly position: SafekeeperPosition;
  /** Null lets everyone in. */
  readonly tokens: TokenAuthority | null;
  readonly faults?: FaultPlan<SafekeeperFault> | null;
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

/** Serves `TIMELINE_STATUS` and `IDENTIFY_SYSTEM` over the safekeeper's libpq protocol (SK-1, SK-2) on 127.0.0.1. */
export async function startSafekeeper(options: SafekeeperOptions): Promise<StandinSafekeeper> {
  let { position } = options;
  const faults = createFaultSource(options.faults ?? null);
  const service: LibpqService<SafekeeperFault> = {
    name: "safekeeper",
    verifyToken: options.tokens?.verify ?? null,
    nextFault: faults.next,
    open: (client) => openTimeline(client, options, () => position),
  };
  const server = await startLibpqServer(service);
  return {
    ...server,
    setPosition: (next) => {
      position = next;
    },
    setFaults: faults.replace,
  };
}

function openTimeline(
  client: Client<SafekeeperFault>,
  options: SafekeeperOptions,
  position: () => SafekeeperPosition,
): RunCommand {
  const target = parseSafekeeperOptions(client.params.get("options") ?? "");
  if (target === undefined) throw new HangUp("a startup option does not parse");
  return async function* run(command): AsyncGenerator<BackendMessage> {
    const { tenantId, timelineId } = target;
    if (/^set /i.test(command)) return yield complete("SELECT 1");
    if (tenantId === null) throw new CommandFailure("other", "tenantid is required");
    if (timelineId === null) throw new CommandFailure("other", "timelineid is required");
    const refused = client.claims === null ? undefined : refusal(client.claims, tenantId, "safekeeper");
    if (refused !== undefined) throw new CommandFailure("unauthorized", refused);
    const known = tenantId === options.tenantId && timelineId === options.timelineId && client.fault?.kind !== "no-row";
    if (command.startsWith("TIMELINE_STATUS")) yield* timelineStatus(known ? position() : null);
    else if (command.startsWith("IDENTIFY_SYSTEM")) yield* identifySystem(known, options.systemId, position(), client);
    else throw new CommandFailure("other", unknownCommand(command));
  };
}

function* timelineStatus(position: SafekeeperPosition | null): Generator<BackendMessage> {
  yield { kind: "rowDescription", columns: timelineStatusColumns };
  if (position !== null) {
    yield { kind: "dataRow", values: [formatLsn(position.flushLsn), formatLsn(position.commitLsn)] };
  }
  yield complete("TIMELINE_STATUS");
}

function* identifySystem(
  known: boolean,
  systemId: bigint,
  { flushLsn, commitLsn }: SafekeeperPosition,
  client: Client<SafekeeperFault>,
): Generator<BackendMessage> {
  if (!known) throw new CommandFailure("other", "this safekeeper does not hold the timeline");
  const application = client.params.get("application_name") ?? "";
  // Who takes part in the consensus may see what is not committed yet.
  const seesAll = application === "wal_proposer_recovery" || application.startsWith("safekeeper");
  const end = seesAll ? flushLsn : commitLsn;
  yield { kind: "rowDescription", columns: identifySystemColumns };
  yield { kind: "dataRow", values: [systemId.toString(), "1", formatLsn(end), null] };
  yield complete("IDENTIFY_SYSTEM");
}

function unknownCommand(command: string): string {
  const [word = ""] = command.split(" ");
  return `this stand-in does not speak ${JSON.stringify(word)} yet; it answers TIMELINE_STATUS and IDENTIFY_SYSTEM`;
}

function complete(tag: string): BackendMessage {
  return { kind: "commandComplete", tag };
}
