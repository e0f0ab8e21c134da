import type { Server } from "node:http";
import { createServer } from "node:http";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { limits } from "../limits.ts";
import type { Authorize, Responder } from "../pipeline.ts";
import type { Route, ServerName, Services } from "../route.ts";
import { createRouteTable } from "../route-table.ts";
import { answerUnknownMethod } from "../unparsed.ts";
import { BindError, bind } from "./bind.ts";
import { drain } from "./drain.ts";
import { createExchanges } from "./exchanges.ts";
import { createRefuser } from "./refuse-unparsed.ts";
import { serveRequest } from "./serve-request.ts";

/** One of the two servers. */
export interface ServerOptions {
  readonly name: ServerName;
  /** 0 takes any free port. */
  readonly port: number;
  /** Who can reach it: everybody, or only this machine (T-5). */
  readonly addresses: "all" | "loopback";
  /** The routes of both servers; those of the other one are left out. */
  readonly routes: readonly Route[];
  readonly services: Services;
  readonly authorize: Authorize;
}

/** A server that answers. */
export interface RunningServer {
  readonly port: number;
  /** Stops listening, gives requests in progress `limitMs` milliseconds, then cuts the connections that are left. */
  close(limitMs: number): Promise<void>;
}

/** The addresses to listen on: of each list, the first that this machine has. */
const hosts = {
  all: [["::", "0.0.0.0"]],
  loopback: [["127.0.0.1"], ["::1"]],
} as const;

/**
 * Starts a server: all interfaces and both IP families (HTTP-2; IPv4 alone where the kernel has no IPv6, T-6), or the
 * loopback addresses. When it returns, the ports are open.
 * @throws BindError when a port is taken or cannot be had; nothing is left open then
 */
export async function startServer(
  options: ServerOptions,
  { log, clock }: { log: Log; clock: Clock },
): Promise<RunningServer> {
  const responder = {
    routes: createRouteTable(options.name, options.routes),
    authorize: options.authorize,
    services: options.services,
  };
  const what = `the ${options.name} HTTP server`;
  const opened: { readonly server: Server; readonly port: number; readonly place: string }[] = [];
  const close = async (limitMs: number): Promise<void> => {
    await Promise.all(opened.map(({ server }) => drain(server, limitMs)));
  };
  try {
    for (const alternatives of hosts[options.addresses]) {
      const wanted = opened[0]?.port ?? options.port;
      for (const host of alternatives) {
        const server = createHttpServer(responder, log, clock);
        const port = await bind(server, what, host, wanted);
        if (port === undefined) continue;
        server.on("error", (error) => log.error(`${what} failed: ${describeError(error)}`));
        opened.push({ server, port, place: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}` });
        break;
      }
    }
  } catch (error) {
    await close(0);
    throw error;
  }
  const [first] = opened;
  if (first === undefined) throw new BindError(what, "this machine has no address to listen on", undefined);
  const places = opened.map(({ place }) => place).join(" and ");
  log.info(`compute_ctl ${options.name} HTTP server listening at ${places}`);
  return { port: first.port, close };
}

/** An HTTP server that does not listen yet, with the settings of HTTP-5, HTTP-6 and T-23. */
function createHttpServer(responder: Responder, log: Log, clock: Clock): Server {
  const exchanges = createExchanges();
  const refuser = createRefuser(responder.routes, exchanges);
  const deps = { responder, exchanges, log, clock };
  const server = createServer(
    {
      requireHostHeader: false,
      keepAliveTimeout: 0,
      requestTimeout: 0,
      headersTimeout: limits.headMsMax,
      maxHeaderSize: limits.headBytesMax,
      // Clients that vanished without a word are found by the kernel, since idle ones are never closed.
      keepAlive: true,
    },
    (request, response) => serveRequest(deps, request, response),
  );
  // A client may shut down its sending side and still wait for the answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on("checkExpectation", (request, response) => serveRequest(deps, request, response));
  server.on("connect", ({ method = "", url = "" }, connection) =>
    refuser.bare(answerUnknownMethod(responder.routes, method, url), connection),
  );
  server.on("clientError", (error, connection) => refuser.unparsed(error, connection));
  return server;
}
