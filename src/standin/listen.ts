import { once } from "node:events";
import type { Server, Socket } from "node:net";
import { once as firstTime } from "../base/once.ts";

/** A server that listens on 127.0.0.1. */
export interface RunningServer {
  readonly port: number;
  /** Drops all connections and stops listening. */
  close(): Promise<void>;
}

/**
 * Has a server listen on 127.0.0.1.
 * @param port 0 for any free one
 * @param sockets its open connections, whenever it is closed
 * @throws Error with code EADDRINUSE when the port is taken
 */
export async function listenLocally(
  server: Server,
  port: number,
  sockets: () => Iterable<Socket>,
): Promise<RunningServer> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    port: address.port,
    close: firstTime(async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets()) socket.destroy();
      await closed;
    }),
  };
}
