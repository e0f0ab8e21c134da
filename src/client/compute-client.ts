import { DeadlineError, sleep, withDeadline } from "../base/deadline.ts";
import type { Decoder } from "../base/decoder.ts";
import {
  type CatalogPlan,
  type ComputeStatusName,
  type ComputeStatusObject,
  catalogPlan,
  computeStatusObject,
  type DetailedStatusObject,
  detailedStatusObject,
  type LogLines,
  logLines,
  type Migrations,
  migrations,
  type Operation,
  operation,
  operationList,
  type StartupMetrics,
  startupMetrics,
  type TerminateResult,
  type Timeline,
  terminateResult,
  timeline,
} from "./answers.ts";
import { parseBaseUrl, type Query, routeUrl } from "./base-url.ts";
import { ApiError, UnexpectedAnswerError, UnreachableError } from "./errors.ts";
import { exchange } from "./exchange.ts";
import { readAnswer, refusalOf } from "./read-answer.ts";

export type {
  CatalogPlan,
  ComputeStatusName,
  ComputeStatusObject,
  LogLines,
  Migrations,
  Operation,
  StartupMetrics,
  TerminateResult,
  Timeline,
} from "./answers.ts";
// The package's `./client` is this file: whoever catches its errors needs their classes.
export { ApiError, DeadlineError, UnexpectedAnswerError, UnreachableError };

/** Where a compute is and who asks. */
export interface ClientOptions {
  /** The external API, such as `http://127.0.0.1:3080`; an IPv6 address stands in brackets. */
  readonly url: string;
  /** The internal API, which only {@link ComputeClient.refresh} and {@link ComputeClient.plan} ask; default `http://127.0.0.1:3081`. */
  readonly internalUrl?: string;
  /** The bearer token, or where to get one for each request. */
  readonly token?: string | (() => string | Promise<string>);
}

/** What every call takes. */
export interface CallOptions {
  /** How many milliseconds the call may take as a whole. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** How to end a compute. */
export interface TerminateOptions extends CallOptions {
  /** How long the process lingers afterwards; default `fast` (HTTP-46). */
  readonly mode?: "fast" | "immediate";
  /** Also in statuses that refuse otherwise, such as `failed` (FIELD-11). */
  readonly force?: boolean;
  /** Joins a termination that goes on already, instead of being refused (HTTP-78). */
  readonly join?: boolean;
}

/** What `/configure` came to: the status afterwards, or the operation under which the outcome will be on record. */
export type ConfigureResult =
  | { readonly kind: "applied"; readonly status: ComputeStatusObject }
  | { readonly kind: "accepted"; readonly operation: Operation };

/** A config as `/configure` takes it (HTTP-37). As text or bytes it is sent as it stands. */
export type ConfigureRequest =
  | string
  | Uint8Array
  | {
      readonly spec: Readonly<Record<string, unknown>>;
      readonly compute_ctl_config: Readonly<Record<string, unknown>>;
    };

const limits = {
  callMs: 10_000,
  /** Configuring and terminating wait for Postgres. */
  changeMs: 120_000,
  waitMs: 60_000,
  /** How long one long poll may last; whoever stands between may close connections that are silent for longer. */
  longPollMs: 25_000,
  /** Between two questions to a server that answers at once, or that is not there yet. */
  pauseMs: 250,
} as const;

interface Call extends CallOptions {
  readonly query?: Query;
  readonly body?: string | Uint8Array;
  readonly internal?: boolean;
}

/**
 * Speaks to one compute. Every call has a deadline and rejects with
 * - {@link ApiError} when the API refuses or fails, with the HTTP status and the text of its answer,
 * - {@link UnreachableError} when nobody answers,
 * - {@link UnexpectedAnswerError} when something else than this API answers,
 * - {@link DeadlineError} when the time is up, or the signal's reason.
 */
export class ComputeClient {
  readonly #external: URL;
  readonly #internal: URL;
  readonly #token: ClientOptions["token"];

  /** @throws TypeError when an address is not an http:// URL */
  constructor(options: ClientOptions) {
    this.#external = parseBaseUrl(options.url);
    this.#internal = parseBaseUrl(options.internalUrl ?? "http://127.0.0.1:3081");
    this.#token = options.token;
  }

  /** The state of the compute; answered at once in every status (HTTP-32). */
  status(options: CallOptions = {}): Promise<ComputeStatusObject> {
    return this.#read(computeStatusObject, "GET", "/status", options);
  }

  /** The same, with what people want to know besides (HTTP-82). */
  detailedStatus(options: CallOptions = {}): Promise<DetailedStatusObject> {
    return this.#read(detailedStatusObject, "GET", "/status", { ...options, query: { detail: true } });
  }

  /** The metrics in Prometheus's text form (HTTP-35). */
  async metrics(options: CallOptions = {}): Promise<string> {
    return (await this.#call("GET", "/metrics", options)).text;
  }

  /** How long each part of the start took (HTTP-34). */
  metricsJson(options: CallOptions = {}): Promise<StartupMetrics> {
    return this.#read(startupMetrics, "GET", "/metrics.json", options);
  }

  /** The waterfall of the start and the newest changes of status (HTTP-79). */
  timeline(options: CallOptions = {}): Promise<Timeline> {
    return this.#read(timeline, "GET", "/timeline", options);
  }

  /** Where the numbered migrations of the catalog are (HTTP-81). */
  migrations(options: CallOptions = {}): Promise<Migrations> {
    return this.#read(migrations, "GET", "/migrations", options);
  }

  /** What another apply of the spec in force would change in the catalog; asked on the internal API (HTTP-80). */
  plan(options: CallOptions = {}): Promise<CatalogPlan> {
    return this.#read(catalogPlan, "GET", "/plan", { timeoutMs: limits.waitMs, ...options, internal: true });
  }

  /** The newest operations, the oldest first (HTTP-77). */
  async operations(options: CallOptions = {}): Promise<readonly Operation[]> {
    return (await this.#read(operationList, "GET", "/operations", options)).operations;
  }

  /** One operation, by its id; an {@link ApiError} with status 404 when it is not on record. */
  operation(id: string, options: CallOptions = {}): Promise<Operation> {
    return this.#read(operation, "GET", `/operations/${encodeURIComponent(id)}`, options);
  }

  /** The newest lines of the log, the oldest first; 100 unless told otherwise (HTTP-79). */
  logs({ lines, ...options }: CallOptions & { readonly lines?: number } = {}): Promise<LogLines> {
    return this.#read(logLines, "GET", "/logs", { ...options, query: { lines } });
  }

  /** Whether the process says that it is alive; rejects as any call does when it says nothing. */
  healthy(options: CallOptions = {}): Promise<boolean> {
    return this.#probe("/healthz", options);
  }

  /** Whether the compute is running with all roles in place (FIELD-2). */
  ready(options: CallOptions = {}): Promise<boolean> {
    return this.#probe("/readyz", options);
  }

  /**
   * Gives the compute a spec and waits until it is in force (HTTP-37 to HTTP-45), or only until it is taken over when
   * `wait` is false. The original waits in any case. Giving up does not stop the compute.
   */
  async configure(
    config: ConfigureRequest,
    { wait = true, ...options }: CallOptions & { readonly wait?: boolean } = {},
  ): Promise<ConfigureResult> {
    const body = typeof config === "string" || config instanceof Uint8Array ? config : JSON.stringify(config);
    const query = { wait: wait ? undefined : false };
    const answer = await this.#call("POST", "/configure", { timeoutMs: limits.changeMs, ...options, query, body });
    if (answer.status === 202) return { kind: "accepted", operation: readAnswer(operation, answer, "POST /configure") };
    return { kind: "applied", status: readAnswer(computeStatusObject, answer, "POST /configure") };
  }

  /**
   * Ends the compute and tells up to where its WAL is safe; the LSN is null for a compute that wrote none (HTTP-46 to
   * HTTP-54). Giving up does not stop the termination.
   */
  async terminate({ mode = "fast", force, join, ...options }: TerminateOptions = {}): Promise<TerminateResult> {
    const query = { mode, force: force === true || undefined, join: join === true || undefined };
    const answer = await this.#call("POST", "/terminate", { timeoutMs: limits.changeMs, ...options, query });
    // HTTP-49: an empty compute has nothing to tell.
    return answer.text === "" ? { lsn: null } : readAnswer(terminateResult, answer, "POST /terminate");
  }

  /** Has the compute pull its config again; asked on the internal API, without a token (HTTP-73). */
  async refresh(options: CallOptions = {}): Promise<void> {
    await this.#call("POST", "/refresh_configuration", { ...options, internal: true });
  }

  /**
   * Waits until the compute is in one of `statuses`, also while it cannot be reached yet. The server answers when the time
   * has come (HTTP-76); one that cannot, as the original, is asked again and again.
   * @throws DeadlineError when it was reached and is in another status when the time is up
   */
  async waitFor(
    statuses: readonly ComputeStatusName[],
    { timeoutMs = limits.waitMs, signal = new AbortController().signal }: CallOptions = {},
  ): Promise<ComputeStatusObject> {
    const endsAt = performance.now() + timeoutMs;
    let last: ComputeStatusObject | UnreachableError | undefined;
    const work = async (linked: AbortSignal): Promise<ComputeStatusObject> => {
      while (true) {
        const askedAt = performance.now();
        last = await this.#longPoll(statuses, endsAt - askedAt, linked);
        if (!(last instanceof UnreachableError) && statuses.includes(last.status)) return last;
        await sleep(Math.max(0, limits.pauseMs - (performance.now() - askedAt)), linked);
      }
    };
    try {
      return await withDeadline("waiting", timeoutMs, signal, work);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      if (last instanceof UnreachableError) throw last;
      const seen = last === undefined ? "" : ` (it is ${last.status})`;
      throw new DeadlineError(`waiting for the compute to be ${statuses.join(" or ")}${seen}`, timeoutMs);
    }
  }

  async #longPoll(
    statuses: readonly ComputeStatusName[],
    leftMs: number,
    signal: AbortSignal,
  ): Promise<ComputeStatusObject | UnreachableError> {
    // A little less than is left, so that the last answer still comes in time.
    const seconds = Math.floor(Math.min(leftMs * 0.9, limits.longPollMs)) / 1000;
    const query = { wait_for: statuses.join(","), timeout: seconds };
    try {
      return await this.#read(computeStatusObject, "GET", "/status", {
        query,
        signal,
        timeoutMs: seconds * 1000 + limits.callMs,
      });
    } catch (error) {
      if (error instanceof UnreachableError) return error;
      throw error;
    }
  }

  async #probe(path: string, options: CallOptions): Promise<boolean> {
    const answer = await this.#send("GET", path, options);
    if (answer.status !== 200 && answer.status !== 503) throw refusalOf(answer);
    return answer.status === 200;
  }

  async #read<T>(decoder: Decoder<T>, method: "GET" | "POST", path: string, call: Call): Promise<T> {
    return readAnswer(decoder, await this.#call(method, path, call), `${method} ${path}`);
  }

  /** @throws ApiError for every answer that is not a success */
  async #call(method: "GET" | "POST", path: string, call: Call) {
    const answer = await this.#send(method, path, call);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw refusalOf(answer);
  }

  #send(method: "GET" | "POST", path: string, call: Call) {
    const { timeoutMs = limits.callMs, signal = new AbortController().signal, internal = false, body, query } = call;
    const url = routeUrl(internal ? this.#internal : this.#external, path, query);
    return withDeadline(`${method} ${path}`, timeoutMs, signal, async (linked) => {
      const headers: Record<string, string> = { accept: "application/json" };
      if (body !== undefined) headers["content-type"] = "application/json";
      const token = internal ? undefined : await this.#currentToken();
      if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
      return exchange({ method, url, headers, ...(body === undefined ? {} : { body }) }, linked);
    });
  }

  async #currentToken(): Promise<string | undefined> {
    return typeof this.#token === "function" ? this.#token() : this.#token;
  }
}
