import { setTimeout as delay } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import type { TenantId, TimelineId } from "../base/ids.ts";
import { formatLsn, type Lsn } from "../base/lsn.ts";
import type { BackendMessage } from "../storage/wire/messages.ts";
import type { BaseImage } from "./base-image.ts";
import { CommandFailure, HangUp } from "./command-failure.ts";
import { createFaultSource, type FaultPlan, type PageserverFault, spoilChunk } from "./faults.ts";
import { type RunningServer, startLibpqServer } from "./libpq-server.ts";
import type { Client, LibpqService } from "./libpq-session.ts";
import { type PageserverCommand, parsePageserverCommand } from "./pageserver-command.ts";
import type { TokenAuthority } from "./token.ts";
import { refusal } from "./token-claims.ts";

/** A branch that the stand-in holds; all hold the same data. */
interface StandinTimeline {
  readonly tenantId: TenantId;
  readonly timelineId: TimelineId;
  readonly archived?: boolean;
}

/** A command as it arrived, for tests to look at. */
interface SeenCommand {
  readonly text: string;
  readonly startupParams: ReadonlyMap<string, string>;
}

export interface StandinPageserver extends RunningServer {
  /** In the order of arrival. */
  readonly seenCommands: readonly SeenCommand[];
  /** Replaces the fault plan; connections count from here. */
  setFaults(plan: FaultPlan<PageserverFault> | null): void;
}

export interface PageserverOptions {
  readonly image: BaseImage;
  readonly timelines: readonly StandinTimeline[];
  /** Null lets everyone in. */
  readonly tokens: TokenAuthority | null;
  readonly faults?: FaultPlan<PageserverFault> | null;
}

type BasebackupCommand = Extract<PageserverCommand, { kind: "basebackup" }>;

const chunkBytes = 64 * 1024;

/** Serves `basebackup` over the pageserver's libpq protocol (chapter 06 §4.1) on 127.0.0.1. */
export async function startPageserver(options: PageserverOptions): Promise<StandinPageserver> {
  const seenCommands: SeenCommand[] = [];
  const faults = createFaultSource(options.faults ?? null);
  const service: LibpqService<PageserverFault> = {
    name: "pageserver",
    verifyToken: options.tokens?.verify ?? null,
    nextFault: faults.next,
    open: (client) => (text) => {
      seenCommands.push({ text, startupParams: client.params });
      return answer(text, client, options);
    },
  };
  const server = await startLibpqServer(service);
  return {
    ...server,
    seenCommands,
    setFaults: faults.replace,
  };
}

async function* answer(
  text: string,
  client: Client<PageserverFault>,
  options: PageserverOptions,
): AsyncGenerator<BackendMessage> {
  const command = parsePageserverCommand(text);
  if (command.kind === "invalid") throw new CommandFailure("other", command.message);
  if (command.kind === "basebackup") {
    checkBasebackup(command, client, options);
    yield* copyOut(client.fault, options.image, command.gzip);
  }
  yield { kind: "commandComplete", tag: "SELECT 1" };
}

/** The checks in a pageserver's order (BASE-40). */
function checkBasebackup(
  command: BasebackupCommand,
  client: Client<PageserverFault>,
  options: PageserverOptions,
): void {
  const { tenantId, timelineId, lsn } = command;
  const refused = client.claims === null ? undefined : refusal(client.claims, tenantId, "pageserver");
  if (refused !== undefined) throw new CommandFailure("unauthorized", refused);
  const ofTenant = options.timelines.filter((timeline) => timeline.tenantId === tenantId);
  if (ofTenant.length === 0) throw new CommandFailure("not-found", `Tenant ${tenantId} not found`);
  const timeline = ofTenant.find((candidate) => candidate.timelineId === timelineId);
  if (timeline === undefined) {
    throw new CommandFailure("not-found", `Timeline ${tenantId}/${timelineId} was not found`);
  }
  if (timeline.archived) throw new CommandFailure("not-found", "timeline is archived");
  if (lsn !== null) checkLsn(lsn, options.image.lsn);
  if (client.fault?.kind === "error-before-copy") throw client.fault.failure;
}

/** One position is all that this stand-in holds: what is below is garbage-collected, what is above never arrives. */
function checkLsn(lsn: Lsn, last: Lsn): void {
  const [asked, held] = [formatLsn(lsn), formatLsn(last)];
  if (lsn > last) {
    const text = `Timed out while waiting for WAL record at LSN ${asked} to arrive, last_record_lsn ${held}`;
    throw new CommandFailure("other", text);
  }
  if (lsn < last) {
    const cause = new Error(`LSN ${asked} is earlier than latest GC cutoff ${held}`);
    throw new CommandFailure("other", "invalid basebackup lsn", { cause });
  }
}

async function* copyOut(
  fault: PageserverFault | null,
  image: BaseImage,
  gzip: boolean,
): AsyncGenerator<BackendMessage> {
  yield { kind: "copyOutResponse" };
  let sentBytes = 0;
  for await (const chunk of payload(fault, image, gzip)) {
    const { send, next } = spoilChunk(fault, sentBytes, chunk);
    if (send.length > 0) yield { kind: "copyData", data: send };
    sentBytes += send.length;
    if (next === "end") break;
    if (next === "close") throw new HangUp("fault: close-mid-copy");
    if (next === "error" && fault?.kind === "error-mid-copy") throw fault.failure;
    if (fault?.kind === "trickle") await delay(fault.pauseMs);
  }
  yield { kind: "copyDone" };
}

async function* payload(fault: PageserverFault | null, image: BaseImage, gzip: boolean): AsyncGenerator<Buffer> {
  if (fault?.kind === "other-archive") yield* slices(fault.bytes, chunkBytes);
  else if (fault?.kind === "trickle") yield* slices(image.gzip, fault.chunkBytes);
  else if (gzip) yield* slices(image.gzip, chunkBytes);
  else yield* unzipped(image.gzip);
}

function* slices(bytes: Buffer, sliceBytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += sliceBytes) yield bytes.subarray(at, at + sliceBytes);
}

async function* unzipped(bytes: Buffer): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  gunzip.end(bytes);
  for await (const chunk of gunzip) yield chunk;
}
