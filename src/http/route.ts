import type { TraceContext } from "../base/tracer.ts";
import type { CatalogQueries } from "../compute/catalog-queries.ts";
import type { ComputeControl } from "../compute/control.ts";
import type { ExtensionDownloads } from "../compute/extension-downloads.ts";
import type { ComputeStatus } from "../compute/status.ts";
import type { StatusDetail } from "../compute/status-detail.ts";
import type { Metrics } from "../metrics/registry.ts";
import type { Jwk } from "../spec/types.ts";
import type { Answer } from "./answer.ts";
import type { StatusPage } from "./do/status-page.ts";
import type { Input } from "./input.ts";
import type { RawHeaders } from "./raw-headers.ts";

/** The control plane's server, or the one for processes of the same machine. */
export type ServerName = "external" | "internal";

/** What handlers work with. */
export interface Services {
  readonly control: ComputeControl;
  readonly catalog: CatalogQueries;
  readonly extensions: ExtensionDownloads;
  readonly metrics: Metrics;
  /** The newest lines of the program's log, at most `count`, the oldest first. */
  readonly recentLogLines: (count: number) => readonly string[];
  /** What `GET /status?detail=true` tells besides the status. */
  readonly statusDetail: () => Promise<StatusDetail>;
  /** The data behind the status page, made when it is first asked for. */
  readonly statusPage: () => Promise<StatusPage>;
  /** The data directory. */
  readonly pgdata: string;
  /** What this program can tell an autoscaler by itself; null where Postgres has a communicator, whose business that is. */
  readonly ownAutoscalingText: (() => Promise<string>) | null;
  /** Reads bodies as the original does, without any repair (FIELD-1). */
  readonly strict: boolean;
  /** Puts the keys of an accepted `/configure` in force; null when the keys are fixed, as in the original (HTTP-25). */
  readonly replaceKeys: ((keys: readonly Jwk[]) => void) | null;
}

/** What a handler may need of the request besides its input. */
export interface RequestContext {
  readonly rawHeaders: RawHeaders;
  /**
   * Fires when nobody waits for the answer any more: the connection is gone, or the client has ended its side of it.
   * What must happen regardless of the client does not heed it (HTTP-43, HTTP-53).
   */
  readonly signal: AbortSignal;
  /** The request's span, for work that is its child (HTTP-15); undefined while nothing is traced. */
  readonly trace: TraceContext | undefined;
}

/**
 * One route as data; the order of the checks before `handle` is written once, in `pipeline.ts`. `handle` may throw:
 * that is a 500. It is a method so that routes with different inputs fit into one table; the pipeline hands it nothing
 * but what the same route's `input` made.
 */
export interface Route<T = unknown> {
  readonly server: ServerName;
  readonly method: "GET" | "POST" | "DELETE";
  /**
   * As in `openapi.yaml`. It matches byte for byte (HTTP-10), but for a name in braces at its end, which stands for any
   * text that is not empty.
   */
  readonly path: string;
  readonly auth: "jwt" | "open";
  /** The statuses in which the route works; others get a 412. Left out when every status will do, or `handle` decides. */
  readonly allowedIn?: readonly ComputeStatus[];
  /** Asked so often, by machines, that its requests are logged at level `debug`. */
  readonly isScrape?: true;
  readonly input: Input<T>;
  /** The statuses documented for `handle`, besides the 500 of an exception; "default" when it relays any. */
  readonly responses: readonly (number | "default")[];
  handle(services: Services, input: T, context: RequestContext): Answer | Promise<Answer>;
}
