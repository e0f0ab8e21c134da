import type { Server } from "node:http";

/** How often connections that have become idle are looked for. */
const lookMs = 50;

/**
 * Closes a server: no new connections; requests in progress have `limitMs` to finish, then their connections are cut.
 * `server.close()` alone would wait for keep-alive connections that were busy at that moment and went idle later.
 */
export async function drain(server: Server, limitMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const look = setInterval(() => server.closeIdleConnections(), lookMs);
  const cut = setTimeout(() => server.closeAllConnections(), limitMs);
  try {
    await promise;
  } finally {
    clearInterval(look);
    clearTimeout(cut);
  }
}
