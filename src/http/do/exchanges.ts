import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** A request in progress. */
export interface Exchange {
  /** Fires when the rest of the request's body will never come. */
  readonly bodyBroken: AbortSignal;
  /** Fires when the client has ended its side of the connection, or the whole of it. */
  readonly clientGone: AbortSignal;
  /** Resolves when the response is out, body included, or the connection is closed. */
  readonly over: Promise<void>;
}

interface Entry {
  readonly request: IncomingMessage;
  readonly body: AbortController;
  readonly client: AbortController;
  readonly over: PromiseWithResolvers<void>;
}

/** The requests in progress, by connection; a pipelining client has several. */
export interface Exchanges {
  /** Registers a request until it is over. */
  begin(request: IncomingMessage, response: ServerResponse): Exchange;
  /** Gives up the bodies that have not come to their end; true when there was one. */
  breakBodies(connection: Duplex): boolean;
  /** Resolves when every request in progress is over. */
  answered(connection: Duplex): Promise<void>;
}

const gone = new Error("the client has gone");

/** A fresh, empty register. */
export function createExchanges(): Exchanges {
  const byConnection = new WeakMap<Duplex, Set<Entry>>();
  const open = (connection: Duplex): Entry[] => [...(byConnection.get(connection) ?? [])];

  /** One pair of listeners for a connection, however many requests it carries. */
  function watch(connection: Duplex): Set<Entry> {
    const entries = new Set<Entry>();
    byConnection.set(connection, entries);
    const leave = (): void => {
      for (const { client } of entries) client.abort(gone);
    };
    connection.once("end", leave);
    connection.once("close", () => {
      leave();
      for (const { over } of entries) over.resolve();
    });
    return entries;
  }

  return {
    begin(request, response) {
      const entries = byConnection.get(request.socket) ?? watch(request.socket);
      const [body, client] = [new AbortController(), new AbortController()];
      const entry: Entry = { request, body, client, over: Promise.withResolvers<void>() };
      entries.add(entry);
      response.once("close", () => {
        entries.delete(entry);
        if (!response.writableFinished) client.abort(gone);
        entry.over.resolve();
      });
      return { bodyBroken: body.signal, clientGone: client.signal, over: entry.over.promise };
    },
    breakBodies(connection) {
      const unfinished = open(connection).filter(({ request }) => !request.complete);
      for (const { body } of unfinished) body.abort(new Error("the request is malformed"));
      return unfinished.length > 0;
    },
    async answered(connection) {
      await Promise.all(open(connection).map(({ over }) => over.promise));
    },
  };
}
