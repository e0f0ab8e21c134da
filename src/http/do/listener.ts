import type { Server } from "node:http";
import { createServer } from "node:http";
import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { Tracer } from "../../base/tracer.ts";
import type { Patience } from "../limits.ts";
import { defaultPatience, limits } from "../limits.ts";
import type { Authorize } from "../pipeline.ts";
import { createRequestMeter } from "../request-meter.ts";
import type { Route, ServerName, Services } from "../route.ts";
import { createRouteTable } from "../route-table.ts";
import { answerUnknownMethod } from "../unparsed.ts";
import { BindError, bind } from "./bind.ts";
import { drain } from "./drain.ts";
import { createExchanges } from "./exchanges.ts";
import { createRefuser } from "./refuse-unparsed.ts";
import type { ServeDeps } from "./serve-request.ts";
import { serveRequest } from "./serve-request.ts";

/** How often clients that are too slow with their heads are looked for. */
const slowHeadsLookMs = 5_000;

/** Who can reach a server: everybody, only this machine (T-5), or whoever reaches one of these addresses (FIELD-12). */
export type Addresses = "all" | "loopback" | { readonly hosts: readonly string[] };

/** One of the two servers. */
export interface ServerOptions {
  readonly name: ServerName;
  /** 0 takes any free port. */
  readonly port: number;
  readonly addresses: Addresses;
  /** The routes of both servers; those of the other one are left out. */
  readonly routes: readonly Route[];
  readonly services: Services;
  readonly authorize: Authorize;
  readonly patience?: Patience;
}

/** What a server needs besides its options. */
export interface ServerDeps {
  readonly log: Log;
  readonly clock: Clock;
  readonly tracer: Tracer;
}

/** A server that answers. */
export interface RunningServer {
  readonly port: number;
  /** Stops listening, gives requests in progress `limitMs` milliseconds, then cuts the connections that are left. */
  close(limitMs: number): Promise<void>;
}

/** Places to listen at; of the addresses of each place, the first that this machine has. */
interface Places {
  /** Those without which the server is of no use. */
  readonly atOnce: readonly (readonly string[])[];
  /** Those that are opened a little later, when nobody waits for the first answer any more. */
  readonly canWait: readonly (readonly string[])[];
}

/** When the addresses that can wait are opened. */
const laterMs = 1_000;

/**
 * Starts a server: all interfaces and both IP families (HTTP-2; IPv4 alone where the kernel has no IPv6, T-6), the
 * loopback addresses, or each of the given ones. When it returns, the ports are open.
 * @throws BindError when a port is taken or cannot be had; nothing is left open then
 */
export async function startServer(options: ServerOptions, deps: ServerDeps): Promise<RunningServer> {
  const { log } = deps;
  const { name, routes, authorize, services, patience = defaultPatience } = options;
  const responder = { routes: createRouteTable(name, routes), authorize, services };
  const meter = createRequestMeter(services.metrics, name);
  const what = `the ${name} HTTP server`;
  const opened: { readonly server: Server; readonly port: number; readonly place: string }[] = [];
  let later: NodeJS.Timeout | undefined;
  let openingLater: Promise<unknown> | undefined;
  const close = async (limitMs: number): Promise<void> => {
    clearTimeout(later);
    // What is being opened would otherwise stay open.
    await openingLater;
    await Promise.all(opened.map(({ server }) => drain(server, limitMs)));
  };
  const open = async (hosts: readonly string[]): Promise<string> => {
    const wanted = opened[0]?.port ?? options.port;
    for (const host of hosts) {
      const server = createHttpServer({ ...deps, responder, meter, patience });
      const port = await bind(server, what, host, wanted);
      if (port === undefined) continue;
      server.on("error", (error) => log.error(`${what} failed: ${describeError(error)}`));
      const place = placeOf(server, host);
      opened.push({ server, port, place });
      return place;
    }
    throw new BindError(what, `this machine has no address ${hosts.join(" or ")}`, undefined);
  };
  const openLater = async (hosts: readonly string[]): Promise<void> => {
    try {
      log.info(`compute_ctl ${name} HTTP server also listening at ${await open(hosts)}`);
    } catch (error) {
      log.info(`${what} goes without ${hosts.join(" or ")}: ${describeError(error)}`);
    }
  };
  const { atOnce, canWait } = placesOf(options.addresses);
  try {
    for (const hosts of atOnce) await open(hosts);
  } catch (error) {
    await close(0);
    throw error;
  }
  if (canWait.length > 0) {
    const openRest = (): void => {
      openingLater = Promise.all(canWait.map(openLater));
    };
    later = setTimeout(openRest, laterMs).unref();
  }
  const [first] = opened;
  if (first === undefined) throw new BindError(what, "this machine has no address to listen on", undefined);
  const places = opened.map(({ place }) => place).join(" and ");
  log.info(`compute_ctl ${name} HTTP server listening at ${places}`);
  return { port: first.port, close };
}

/** Where a server listens; the system decides which family "everywhere" has. */
function placeOf(server: Server, host: string): string {
  const address = server.address();
  if (typeof address !== "object" || address === null) return host;
  return address.address.includes(":") ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}

function placesOf(addresses: Addresses): Places {
  if (addresses === "all") return { atOnce: [["::", "0.0.0.0"]], canWait: [] };
  if (addresses === "loopback") return { atOnce: [["127.0.0.1"]], canWait: [["::1"]] };
  return { atOnce: addresses.hosts.map((host) => [host]), canWait: [] };
}

/** An HTTP server that does not listen yet, with the settings of HTTP-5, HTTP-6 and T-23. */
function createHttpServer(shared: Omit<ServeDeps, "exchanges">): Server {
  const exchanges = createExchanges();
  const { routes } = shared.responder;
  const { headMsMax } = shared.patience;
  const refuser = createRefuser(routes, exchanges);
  const deps = { ...shared, exchanges };
  const server = createServer(
    {
      requireHostHeader: false,
      keepAliveTimeout: 0,
      requestTimeout: 0,
      headersTimeout: headMsMax,
      connectionsCheckingInterval: Math.min(headMsMax, slowHeadsLookMs),
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
    refuser.bare(answerUnknownMethod(routes, method, url), connection),
  );
  server.on("clientError", (error, connection) => refuser.unparsed(error, connection));
  return server;
}
