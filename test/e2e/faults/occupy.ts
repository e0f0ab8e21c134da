import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** Holds a port on all addresses, until it is closed. */
export async function occupy(port: number): Promise<Server> {
  const server = createServer().listen(port);
  await once(server, "listening");
  return server;
}
