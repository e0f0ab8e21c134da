import type { ComputeStatus } from "../../../src/compute/status.ts";
import { statusText } from "../../../src/compute/status.ts";
import { type ComputeEvent, nextStatus } from "../../../src/compute/transitions.ts";
import type { ComputeProcess } from "../support/compute-process.ts";
import type { Reply } from "../support/http.ts";
import type { World } from "../support/world.ts";
import { type Holder, refresh } from "./held-status.ts";

type OrderKind = "configure" | "terminate" | "refresh";

/** Something that a client can ask for. */
export interface Order {
  readonly name: string;
  readonly kind: OrderKind;
  /** What it means to the status machine; the first event that is not refused. */
  readonly events: readonly ComputeEvent[];
  readonly joins?: boolean;
  send(world: World, compute: ComputeProcess): Promise<Reply>;
}

function terminate(query: string, events: readonly ComputeEvent[]): Order {
  const path = `/terminate${query}`;
  return { name: path, kind: "terminate", events, send: (_, compute) => compute.request("POST", path) };
}

/** Every order of the HTTP API that the status machine knows. */
export const orders: readonly Order[] = [
  {
    name: "/configure",
    kind: "configure",
    events: ["configure"],
    send: (world, compute) => compute.request("POST", "/configure", { body: world.config() }),
  },
  {
    name: "/refresh_configuration",
    kind: "refresh",
    events: ["refresh"],
    send: (_, compute) => refresh(compute),
  },
  terminate("", ["terminate-fast"]),
  terminate("?mode=immediate", ["terminate-immediate"]),
  terminate("?mode=fast&force=true", ["terminate-fast", "force-terminate"]),
  terminate("?mode=immediate&force=true", ["terminate-immediate", "force-terminate"]),
  { ...terminate("?mode=fast&join=true", ["terminate-fast"]), joins: true },
];

/** What is to come of an order. */
export type Outcome =
  /** The status moves on. */
  | { readonly kind: "leads"; readonly to: ComputeStatus }
  /** Answered, and the status stays. */
  | { readonly kind: "stays"; readonly code: number; readonly body: RegExp }
  /** Goes along with a termination that is under way already. */
  | { readonly kind: "joins" };

const lsnBody = /^\{"lsn":"[\dA-F]{1,8}\/[\dA-F]{1,8}"\}$/;

/** What the documents say that comes of an order: mostly what the table of transitions says. */
export function outcomeOf({ status, startFailed = false }: Holder, { kind, events, joins = false }: Order): Outcome {
  if (kind === "terminate") {
    // HTTP-48, HTTP-49, HTTP-78.
    if (status === "empty") return { kind: "stays", code: 200, body: /^$/ };
    if (status === "terminated") return { kind: "stays", code: 201, body: lsnBody };
    if (joins && nextStatus(status, "postgres-ended") === "terminated") return { kind: "joins" };
  }
  if (kind === "refresh" && status === "init") return { kind: "stays", code: 200, body: /^$/ };
  const leads = events.map((event) => nextStatus(status, event)).find((to) => to !== "refused");
  if (leads === undefined || (kind === "refresh" && startFailed)) return refused(kind, status);
  return { kind: "leads", to: leads };
}

function refused(kind: OrderKind, status: ComputeStatus): Outcome {
  if (kind !== "refresh") {
    return {
      kind: "stays",
      code: 412,
      body: new RegExp(`^{"error":"invalid compute status: ${statusText(status)}"}$`),
    };
  }
  const camelCase = status.split("_").map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  const error = `Cannot refresh compute configuration in state ${camelCase.join("")}`;
  return { kind: "stays", code: 500, body: new RegExp(`^{"error":"${error}"}$`) };
}
