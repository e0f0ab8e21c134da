import { once } from "node:events";
import { createServer } from "node:net";
import { errorCode } from "../../../src/base/error-chain.ts";

/** Below the range from which the kernel takes the client's ports of connections, which come and go in between. */
const portMin = 12_000;
const portMax = 32_000;

/** A TCP port of this machine on which nobody listens. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = portMin + Math.floor(Math.random() * (portMax - portMin));
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port);
    await once(server, "listening");
    return true;
  } catch (error) {
    if (errorCode(error) === "EADDRINUSE") return false;
    throw error;
  } finally {
    server.close();
  }
}
