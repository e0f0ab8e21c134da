import type { Agent, ClientRequest, IncomingMessage, ProxyEnv } from "node:http";
import { DeadlineError } from "../../base/deadline.ts";

/** What is asked for, and on whose behalf. */
export interface HttpGet {
  readonly url: URL;
  /** Sent as `Authorization` to the server named by `url`, and to no other that it redirects to; null for none. */
  readonly authorization: string | null;
  /** The environment, of which `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` count. */
  readonly proxyEnv: ProxyEnv;
  /** How long each connection may take to come about, TLS included; left out for as long as `signal` allows. */
  readonly connectMsMax?: number;
  readonly signal: AbortSignal;
}

const redirectsMax = 10;
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Asks by GET over a connection of its own, following redirects, and returns as soon as the head of the answer is there.
 * Its body must be read or destroyed. Node's `http` is loaded here: most starts never need it for this.
 */
export async function httpGet(get: HttpGet): Promise<IncomingMessage> {
  const { url, authorization } = get;
  let at = url;
  for (let redirects = 0; redirects <= redirectsMax; redirects += 1) {
    const own = authorization !== null && at.origin === url.origin ? { authorization } : {};
    const response = await send(at, { accept: "*/*", ...own }, get);
    const { location } = response.headers;
    if (location === undefined || !redirectStatuses.has(response.statusCode ?? 0)) return response;
    response.destroy();
    at = new URL(location, at);
  }
  throw new Error(`more than ${redirectsMax} redirects`);
}

/** The body of an answer. @throws Error when it is longer than `bytesMax`, or ends before its time */
export async function readBody(response: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > bytesMax) throw new Error(`the answer is longer than ${bytesMax} bytes`);
  }
  return Buffer.concat(chunks);
}

async function send(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { proxyEnv, connectMsMax, signal }: HttpGet,
): Promise<IncomingMessage> {
  const { request, agent } = url.protocol === "https:" ? await overTls(proxyEnv) : await overTcp(proxyEnv);
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers, signal }, resolve).on("error", reject);
    if (connectMsMax !== undefined) limitConnecting(sent, url, connectMsMax);
    sent.end();
  });
}

/** Ends a request whose connection, by whatever proxy, does not come about in time: then it cannot be sent. */
function limitConnecting(sent: ClientRequest, { host }: URL, connectMsMax: number): void {
  const late = (): void => void sent.destroy(new DeadlineError(`connecting to ${host}`, connectMsMax));
  const timer = setTimeout(late, connectMsMax);
  const stop = (): void => clearTimeout(timer);
  sent.once("close", stop);
  sent.once("finish", stop);
}

async function overTcp(proxyEnv: ProxyEnv): Promise<Transport> {
  const { Agent, request } = await import("node:http");
  return { request, agent: new Agent({ proxyEnv }) };
}

/** Trusts the public authorities and those of the system (SPEC-80). */
async function overTls(proxyEnv: ProxyEnv): Promise<Transport> {
  const [{ Agent, request }, { getCACertificates }] = await Promise.all([import("node:https"), import("node:tls")]);
  const ca = [...getCACertificates("default"), ...getCACertificates("system")];
  return { request, agent: new Agent({ proxyEnv, ca }) };
}

interface Transport {
  readonly request: typeof import("node:http").request;
  readonly agent: Agent;
}
