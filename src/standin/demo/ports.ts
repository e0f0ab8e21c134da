import { once } from "node:events";
import { createServer } from "node:net";
import { errorCode } from "../../base/error-chain.ts";

/** The first of `preferred` that nobody listens on, else any free port. Somebody may still take it before we do. */
export async function pickPort(preferred: number): Promise<number> {
  return (await tryListen(preferred)) ?? (await tryListen(0)) ?? preferred;
}

/** The port that could be listened on, or undefined when it is taken. */
async function tryListen(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    return typeof address === "object" ? address?.port : undefined;
  } catch (error) {
    if (errorCode(error) === "EADDRINUSE") return undefined;
    throw error;
  } finally {
    server.close();
  }
}
