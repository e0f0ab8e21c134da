import type { BackendMessage } from "../storage/wire/messages.ts";
import { CommandFailure } from "./command-failure.ts";
import { createFaultSource, type FaultPlan, type PageserverFault } from "./faults.ts";
import { pageServiceMethods } from "./grpc-page-service.ts";
import { startGrpcServer } from "./grpc-server.ts";
import { startLibpqServer } from "./libpq-server.ts";
import type { Client, LibpqService, ServerCertificate } from "./libpq-session.ts";
import type { RunningServer } from "./listen.ts";
import { createPageService, type GivenLease, type PageService, type PageServiceOptions } from "./page-service.ts";
import { parsePageserverCommand } from "./pageserver-command.ts";
import type { TokenAuthority } from "./token.ts";

/** A command as it arrived, for tests to look at. */
export interface SeenCommand {
  readonly protocol: "libpq" | "grpc";
  /** The command; for a call of gRPC, what it would have been over libpq. */
  readonly text: string;
  /** What the client said of itself: startup parameters, or the call's metadata. */
  readonly startupParams: ReadonlyMap<string, string>;
}

export interface StandinPageserver extends RunningServer {
  readonly grpcPort: number;
  /** How many connections were made, by either protocol. */
  connections(): number;
  /** In the order of arrival. */
  readonly seenCommands: readonly SeenCommand[];
  /** In the order in which they were given. */
  readonly leases: readonly GivenLease[];
  /** Replaces the fault plan, of both protocols or of one; connections count from here, for each protocol on its own. */
  setFaults(plan: FaultPlan<PageserverFault> | null, protocol?: "libpq" | "grpc"): void;
}

export interface PageserverOptions extends PageServiceOptions {
  /** Null lets everyone in. */
  readonly tokens: TokenAuthority | null;
  readonly faults?: FaultPlan<PageserverFault> | null;
  /** Set where clients must connect with TLS, by either protocol. */
  readonly tls?: ServerCertificate | undefined;
}

const chunkBytes = 64 * 1024;

/** Serves base backups and leases over the pageserver's two protocols (chapter 06 §4.1, §6) on ports of 127.0.0.1. */
export async function startPageserver(options: PageserverOptions): Promise<StandinPageserver> {
  const { tokens, tls } = options;
  const seenCommands: SeenCommand[] = [];
  const leases: GivenLease[] = [];
  const pages = recording(createPageService(options), leases);
  const faults = {
    libpq: createFaultSource(options.faults ?? null),
    grpc: createFaultSource(options.faults ?? null),
  };
  let connections = 0;
  const nextFault = (protocol: "libpq" | "grpc") => (): PageserverFault | null => {
    connections += 1;
    return faults[protocol].next();
  };
  const service: LibpqService<PageserverFault> = {
    name: "pageserver",
    tls,
    verifyToken: tokens?.verify ?? null,
    nextFault: nextFault("libpq"),
    open: (client) => (text) => {
      seenCommands.push({ protocol: "libpq", text, startupParams: client.params });
      return answer(text, client, pages);
    },
  };
  const libpq = await startLibpqServer(service);
  const grpc = await startGrpcServer({
    tls,
    verifyToken: tokens?.verify ?? null,
    nextFault: nextFault("grpc"),
    methods: pageServiceMethods(pages, (seen) => seenCommands.push({ protocol: "grpc", ...seen })),
  });
  return {
    port: libpq.port,
    grpcPort: grpc.port,
    close: async () => void (await Promise.all([libpq.close(), grpc.close()])),
    connections: () => connections,
    seenCommands,
    leases,
    setFaults: (plan, protocol) => {
      if (protocol !== "grpc") faults.libpq.replace(plan);
      if (protocol !== "libpq") faults.grpc.replace(plan);
    },
  };
}

/** The service, with a record of what leases it gave. */
function recording(pages: PageService, leases: GivenLease[]): PageService {
  return {
    ...pages,
    lease: (...asked) => {
      const given = pages.lease(...asked);
      if (given !== undefined) leases.push(given);
      return given;
    },
  };
}

async function* answer(
  text: string,
  client: Client<PageserverFault>,
  pages: PageService,
): AsyncGenerator<BackendMessage> {
  const command = parsePageserverCommand(text);
  switch (command.kind) {
    case "invalid":
      throw new CommandFailure("other", command.message);
    case "set":
      break;
    case "basebackup": {
      const archive = pages.basebackup(client, { ...command, shard: pages.shardZero }, { ...command, chunkBytes });
      await archive.next();
      yield { kind: "copyOutResponse" };
      for await (const data of archive) yield { kind: "copyData", data };
      yield { kind: "copyDone" };
      break;
    }
    case "lease": {
      const lease = pages.lease(client, command, command.lsn);
      yield { kind: "rowDescription", columns: [{ name: "valid_until", typeOid: 25, typeSize: -1 }] };
      yield { kind: "dataRow", values: [lease === undefined ? null : String(lease.expiresMs)] };
      break;
    }
  }
  yield { kind: "commandComplete", tag: "SELECT 1" };
}
