import { createPrivateKey, sign } from "node:crypto";
import type { IncomingHttpHeaders, RequestOptions } from "node:http";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { systemClock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { TraceContext, Tracer } from "../base/tracer.ts";
import { noMigrationYet } from "../catalog/migrations/state.ts";
import { nothingChecked } from "../compute/activity-view.ts";
import type { CatalogQueries } from "../compute/catalog-queries.ts";
import type { ComputeControl, StatusView } from "../compute/control.ts";
import type { ComputeOverview } from "../compute/overview.ts";
import { noStartupMetrics } from "../compute/startup-metrics.ts";
import type { Metrics } from "../metrics/registry.ts";
import { createMetrics } from "../metrics/registry.ts";
import type { Jwk } from "../spec/types.ts";
import { createAuthorizer } from "./do/authorizer.ts";
import type { RunningServer } from "./do/listener.ts";
import { startServer } from "./do/listener.ts";
import type { StatusPage } from "./do/status-page.ts";
import { noInput } from "./input.ts";
import type { Patience } from "./limits.ts";
import { defaultPatience } from "./limits.ts";
import type { Route, ServerName, Services } from "./route.ts";
import { routes as allRoutes } from "./routes/index.ts";
import { pageOf } from "./status-page/page-of.ts";
import { type ProcessFacts, viewsOf } from "./status-page/views.ts";

/** Chapter 03's key: its seed is the bytes 1 to 32. */
export const specKey: Jwk = {
  kty: "OKP",
  alg: "EdDSA",
  use: "sig",
  kid: "spec-key-1",
  material: { crv: "Ed25519", x: "ebVWLo_mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ" },
};
const computeId = "compute-alder-7";
/** Chapter 03's token A. */
export const tokenA =
  "eyJhbGciOiJFZERTQSJ9.eyJjb21wdXRlX2lkIjoiY29tcHV0ZS1hbGRlci03In0.J5nWAzUBIU3LWXVVc9BG7_TOMch2vF-5m9ZfIA_TYh-ZXla5pF2DeBPArvzv2jpVAo4AES7L9cAry_61M2ObAg";

const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");
const seed = Buffer.from(Array.from({ length: 32 }, (_, index) => index + 1));
const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: "der", type: "pkcs8" });

/** A token of chapter 03's key for exactly these texts of header and claims. */
export function signToken(claims: string, header = '{"alg":"EdDSA"}'): string {
  const signed = [header, claims].map((part) => Buffer.from(part).toString("base64url")).join(".");
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString("base64url")}`;
}

/** What is known of a compute that nothing has happened to yet. */
const nothingKnown: ComputeOverview = {
  spec: null,
  isInForce: false,
  postgresPid: null,
  startLsn: null,
  endLsn: null,
  drift: null,
};

/** A view of a compute that nothing has happened to yet. */
export const emptyView: StatusView = {
  startTime: new Date("2031-04-05T06:07:08.120Z"),
  tenant: null,
  timeline: null,
  status: "empty",
  lastActiveMicros: null,
  error: null,
};

/** A compute that stays as it is; `parts` says what it does otherwise. */
export function fakeControl(parts: Partial<ComputeControl> = {}): ComputeControl {
  return {
    status: () => emptyView,
    startupMetrics: () => noStartupMetrics,
    activity: () => nothingChecked,
    overview: () => nothingKnown,
    timeline: () => ({ phases: [], changes: [] }),
    lease: () => null,
    operations: () => [],
    services: () => [],
    migrations: () => noMigrationYet,
    plan: () => Promise.resolve({ kind: "planned", plan: { changes: false, phases: [], warnings: [] } }),
    waitForStatus: () => Promise.resolve(emptyView),
    refresh: () => ({ kind: "accepted" }),
    scaling: () => null,
    checkAlive: () => Promise.resolve(),
    configure: () => Promise.resolve({ kind: "running", view: { ...emptyView, status: "running" } }),
    terminate: () => Promise.resolve({ kind: "terminated", lsn: 0x16b3748n }),
    ...parts,
  };
}

/** A catalog in which nothing is and everything can be done; `parts` says what it does otherwise. */
export function fakeCatalog(parts: Partial<CatalogQueries> = {}): CatalogQueries {
  return {
    list: () => Promise.resolve({ roles: [], databases: [] }),
    dumpSchema: () => Promise.resolve({ kind: "begun", sql: Readable.from(["-- nothing"]) }),
    checkWritability: () => Promise.resolve(),
    insights: () => Promise.resolve('{"pg_stat_statements": []}'),
    installExtension: () => Promise.resolve(),
    grantOnSchema: () => Promise.resolve(),
    ...parts,
  };
}

/** A log that keeps its lines, as `level message`. */
export function recordingLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const write = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const log: Log = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    span: () => log,
  };
  return { log, lines };
}

/** A route that fails. */
export const faulty: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/faulty",
  auth: "open",
  input: noInput,
  responses: [],
  handle: () => Promise.reject(new Error("outer", { cause: new Error("inner") })),
};

/** What a span was told. */
export interface RecordedSpan {
  readonly name: string;
  readonly parent: TraceContext | undefined;
  readonly attributes: Record<string, string | number | boolean>;
  ended: boolean;
  error: unknown;
}

/** The context of every span of a test server. */
export const ownTraceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;

/** A tracer that keeps its spans. */
function recordingTracer(): { readonly tracer: Tracer; readonly spans: RecordedSpan[] } {
  const spans: RecordedSpan[] = [];
  const tracer: Tracer = {
    start(name, { parent, attributes } = {}) {
      const span: RecordedSpan = { name, parent, attributes: { ...attributes }, ended: false, error: undefined };
      spans.push(span);
      return {
        context: { traceparent: ownTraceparent },
        set: (more) => void Object.assign(span.attributes, more),
        event() {},
        end: (error?: unknown) => void Object.assign(span, { ended: true, error }),
      };
    },
  };
  return { tracer, spans };
}

/** A process of which nothing matters. */
export const fakeProcess: ProcessFacts = {
  computeId,
  version: "1.2.3 (t-9)",
  postgresVersion: "17.9",
  startedAtMs: emptyView.startTime.getTime(),
};

/** A status page with nothing on it, whose events end at once. */
const fakeStatusPage: StatusPage = {
  state: async () => ({
    atMs: 0,
    state: pageOf(viewsOf(fakeControl(), fakeProcess, [], null)),
    log: { skipped: 0, lines: [] },
  }),
  listen: () => Readable.from(["event: end\ndata: {}\n\n"]),
  listeners: () => 0,
  end() {},
};

/** What handlers work with, when nothing of it matters; `parts` is what does. */
export function fakeServices(parts: Partial<Services> = {}): Services {
  return {
    control: fakeControl(),
    catalog: fakeCatalog(),
    metrics: createMetrics("t-9"),
    recentLogLines: () => [],
    statusPage: () => Promise.resolve(fakeStatusPage),
    statusDetail: async () => ({ features: { on: [], unknown: [] }, settings: null, tls: null }),
    pgdata: "/nowhere",
    ownAutoscalingText: null,
    extensions: { provide: () => Promise.resolve({ kind: "no-gateway" }), list: () => [] },
    strict: false,
    replaceKeys: null,
    ...parts,
  };
}

export interface TestServer extends RunningServer {
  readonly lines: string[];
  readonly spans: RecordedSpan[];
  readonly metrics: Metrics;
}

/** A server on a free loopback port. */
export async function startTestServer(
  options: {
    readonly name?: ServerName;
    readonly control?: ComputeControl;
    readonly routes?: readonly Route[];
    readonly jwks?: readonly Jwk[];
    readonly instanceId?: string;
    readonly rotateJwks?: boolean;
    readonly strict?: boolean;
    readonly services?: Partial<Services>;
    readonly patience?: Patience;
  } = {},
): Promise<TestServer> {
  const { log, lines } = recordingLog();
  const { tracer, spans } = recordingTracer();
  const metrics = createMetrics("t-9");
  const access = {
    computeId,
    jwks: options.jwks ?? [specKey],
    instanceId: options.instanceId,
    strict: options.strict ?? false,
  };
  const { authorize, replaceKeys } = createAuthorizer(access, { log, clock: systemClock, metrics });
  const server = await startServer(
    {
      name: options.name ?? "external",
      port: 0,
      addresses: "loopback",
      routes: options.routes ?? allRoutes,
      services: fakeServices({
        control: options.control ?? fakeControl(),
        metrics,
        replaceKeys: options.rotateJwks === true ? replaceKeys : null,
        ...options.services,
      }),
      authorize,
      patience: options.patience ?? defaultPatience,
    },
    { log, clock: systemClock, tracer },
  );
  return { ...server, lines, spans, metrics };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends one request on a connection of its own, with token A unless `headers` has an authorization of its own. */
export async function ask(
  { port }: { readonly port: number },
  method: string,
  path: string,
  { headers = {}, body }: { headers?: RequestOptions["headers"]; body?: string | Uint8Array } = {},
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const given = { authorization: `Bearer ${tokenA}`, ...headers };
  const request = httpRequest({ host: "127.0.0.1", port, method, path, headers: given, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.once("error", reject);
    response.once("end", () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }),
    );
  });
  request.once("error", reject).end(body);
  return promise;
}

/** Sends `text` as bytes, one per character, and returns all that comes back until the server ends the connection. */
export async function talk(
  { port }: { readonly port: number },
  text: string,
  { shutDown = true } = {},
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const connection = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  let heard = "";
  connection.setEncoding("latin1").on("data", (chunk: string) => {
    heard += chunk;
  });
  connection.once("error", reject).once("end", () => connection.end());
  connection.once("close", () => resolve(heard));
  connection.write(text, "latin1");
  if (shutDown) connection.end();
  return promise;
}

/** The status codes in what {@link talk} heard, in their order. */
export function statusCodes(heard: string): number[] {
  return [...heard.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => Number(code));
}
