import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { freePort } from "./free-port.ts";

/** What the double answers to one request. */
export type ControlPlaneAnswer = (response: ServerResponse) => void;

/** A request that came. */
export interface ControlPlaneRequest {
  readonly url: string;
  readonly authorization: string | undefined;
}

/** A stand-in for a control plane. */
export interface ControlPlane {
  readonly uri: string;
  readonly requests: readonly ControlPlaneRequest[];
  /** Begins to listen; nobody does before. */
  open(): Promise<void>;
  /** Answers one request with each, the last one for ever. */
  answers(...answers: readonly ControlPlaneAnswer[]): void;
  /** Resolves once so many requests have come in all. */
  asked(count: number): Promise<void>;
  close(): void;
}

/** Answers with a status and a body; an object goes out as JSON. */
export function answer(
  status: number,
  body: object | string = "",
  headers: Readonly<Record<string, string>> = {},
): ControlPlaneAnswer {
  return (response) => {
    response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

/** Answers with the first half of a body, and breaks off. */
export function halfOf(body: object): ControlPlaneAnswer {
  const text = JSON.stringify(body);
  return (response) => {
    response.writeHead(200, { "content-length": text.length });
    response.write(text.slice(0, text.length / 2), () => response.destroy());
  };
}

/** Runs `body` with a control plane that does not listen yet. */
export async function withControlPlane(body: (controlPlane: ControlPlane) => Promise<void>): Promise<void> {
  const port = await freePort();
  const requests: ControlPlaneRequest[] = [];
  let script: readonly ControlPlaneAnswer[] = [answer(503)];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const server = createServer(({ url = "", headers }, response) => {
    requests.push({ url, authorization: headers.authorization });
    const [next, ...rest] = script;
    if (rest.length > 0) script = rest;
    next?.(response);
    for (const { count, resolve } of waiting) if (requests.length >= count) resolve();
  });
  try {
    await body({
      uri: `http://127.0.0.1:${port}`,
      requests,
      async open() {
        server.listen(port, "127.0.0.1");
        await once(server, "listening");
      },
      answers(...answers) {
        script = answers;
      },
      asked(count) {
        const { promise, resolve } = Promise.withResolvers<void>();
        if (requests.length >= count) resolve();
        else waiting.push({ count, resolve });
        return promise;
      },
      close: () => void server.close(),
    });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
