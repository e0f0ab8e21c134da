import { BoundSocket, type Server } from "node:net";
import { errorCode } from "../../base/error-chain.ts";

/** A server could not get its address. */
export class BindError extends Error {
  readonly code: string | undefined;
  constructor(what: string, advice: string, cause: unknown) {
    super(`cannot listen for ${what}: ${advice}`, { cause });
    this.name = "BindError";
    this.code = errorCode(cause);
  }
}

/**
 * Listens on `host` and `port` (0: any free one) and returns the port, or undefined when this machine's kernel has no
 * such address, as without IPv6. It needs no deadline: binding is a local call that answers at once.
 * @throws BindError
 */
export async function bind(server: Server, what: string, host: string, port: number): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  try {
    listen(server, host, port, resolve);
    await promise;
  } catch (error) {
    const code = errorCode(error);
    if (code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL") return undefined;
    throw new BindError(what, await adviceFor(code, host, port), error);
  } finally {
    server.off("error", reject);
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/**
 * Given an address, Node would look it up as if it were a name, and compile a pattern for IPv6 that takes 6 ms. Without one it
 * takes all of both families; one of IPv4 can be bound ahead.
 */
function listen(server: Server, host: string, port: number, listening: () => void): void {
  if (host === "::") server.listen({ port }, listening);
  else if (host.includes(":")) server.listen({ host, port }, listening);
  else server.listen(new BoundSocket({ host, port }), listening);
}

async function adviceFor(code: string | undefined, host: string, port: number): Promise<string> {
  if (code === "EADDRINUSE") {
    const { portOwner } = await import("./port-owner.ts");
    const owner = await portOwner(port);
    const named = owner === undefined ? "" : `, ${owner},`;
    return `port ${port} of ${host} is taken; stop the program that holds it${named} or give another port`;
  }
  if (code === "EACCES") return `port ${port} of ${host} needs privileges; give a port from 1024 up`;
  return `port ${port} of ${host} cannot be had`;
}
