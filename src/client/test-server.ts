import { once } from "node:events";
import { createServer } from "node:http";

/** A request as it came in. */
export interface Asked {
  readonly method: string;
  /** The target: path and query. */
  readonly target: string;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

/** What to answer: a status and a body (a text as it stands, else as JSON), nothing ever, or half an answer. */
export type Reply = { readonly status: number; readonly body?: unknown } | "silence" | "break";

/** A server that answers as a test tells it to, and remembers what it was asked. */
export interface FakeApi {
  readonly url: string;
  readonly asked: readonly Asked[];
  close(): Promise<void>;
}

/** Starts one on a free port of this machine. */
export async function startFakeApi(
  reply: (asked: Asked, count: number) => Reply | Promise<Reply>,
  host = "127.0.0.1",
): Promise<FakeApi> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "", url: target = "", headers } = request;
    const { authorization, "content-type": contentType } = headers;
    const question: Asked = { method, target, authorization, contentType, body: Buffer.concat(chunks).toString() };
    asked.push(question);
    const given = await reply(question, asked.length);
    if (given === "silence") return;
    if (given === "break") {
      response.writeHead(200, { "content-length": 100 });
      response.write("{", () => request.socket.destroy());
      return;
    }
    const { status, body = "" } = given;
    response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  server.listen(0, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A status object of the original's making. */
export function statusObject(
  status: string,
  more: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string | null>> {
  return {
    start_time: "2031-04-05T06:07:08.12Z",
    tenant: "1".repeat(32),
    timeline: "2".repeat(32),
    status,
    last_active: null,
    error: null,
    ...more,
  };
}

/** The address of a port of this machine on which nobody listens. */
export async function nobodyUrl(): Promise<string> {
  const api = await startFakeApi(() => "silence");
  await api.close();
  return api.url;
}
