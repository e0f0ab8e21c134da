import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the gateway does with a request: an archive to send, a status, or anything at all. */
export type GatewayAnswer = Buffer | number | ((request: IncomingMessage, response: ServerResponse) => void);

/** The HTTP front of an extension store, on loopback. */
export interface ExtensionGateway {
  /** With one slash at its end. */
  readonly baseUrl: string;
  /** Sets what is answered at an extension's address from now on; 404 where nothing is set. */
  serve(extension: string, answer: GatewayAnswer): void;
  /** The paths that were asked for, in order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** Starts a gateway whose store lies below `prefix`, such as `gw`. */
export async function startGateway(prefix = "gw"): Promise<ExtensionGateway> {
  const answers = new Map<string, GatewayAnswer>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const name = /\/extensions\/([^/]+)\.tar\.zst$/.exec(path)?.[1] ?? "";
    const answer = path.startsWith(`/${prefix}/`) ? answers.get(decodeURIComponent(name)) : undefined;
    if (typeof answer === "function") answer(request, response);
    else if (Buffer.isBuffer(answer)) response.end(answer);
    else response.writeHead(answer ?? 404).end("this is not an archive");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/${prefix}/`,
    serve: (extension, answer) => void answers.set(extension, answer),
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
