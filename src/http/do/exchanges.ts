import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** A request in progress, and the switch by which its body can be given up. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly body: AbortController;
  readonly over: Promise<void>;
}

/** The requests in progress, by connection; a pipelining client has several. */
export interface Exchanges {
  /** Registers a request until its response is over; the signal fires when the rest of its body will never come. */
  begin(request: IncomingMessage, response: ServerResponse): AbortSignal;
  /** Gives up the bodies that have not come to their end; true when there was one. */
  breakBodies(connection: Duplex): boolean;
  /** Resolves when every request in progress has been answered, or its client is gone. */
  answered(connection: Duplex): Promise<void>;
}

/** A fresh, empty register. */
export function createExchanges(): Exchanges {
  const byConnection = new WeakMap<Duplex, Set<Exchange>>();
  const open = (connection: Duplex): Exchange[] => [...(byConnection.get(connection) ?? [])];
  return {
    begin(request, response) {
      const ofConnection = byConnection.get(request.socket) ?? new Set();
      byConnection.set(request.socket, ofConnection);
      const { promise: over, resolve } = Promise.withResolvers<void>();
      const exchange: Exchange = { request, body: new AbortController(), over };
      ofConnection.add(exchange);
      response.once("close", () => {
        ofConnection.delete(exchange);
        resolve();
      });
      return exchange.body.signal;
    },
    breakBodies(connection) {
      const unfinished = open(connection).filter(({ request }) => !request.complete);
      for (const { body } of unfinished) body.abort(new Error("the request is malformed"));
      return unfinished.length > 0;
    },
    async answered(connection) {
      await Promise.all(open(connection).map(({ over }) => over));
    },
  };
}
