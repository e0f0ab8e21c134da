import assert from "node:assert/strict";
import { once } from "node:events";
import WebSocket from "ws";

/** A message of the monitor, as the agent reads it. */
export interface MonitorMessage {
  readonly type: string;
  readonly id: number;
  readonly Ok?: boolean;
  readonly Status?: string;
  readonly error?: string;
}

/** How a connection ended. */
export interface Ended {
  readonly code: number;
  readonly reason: string;
}

/**
 * The autoscaler-agent's side of the protocol, as VM-28 has it: no compression, the range of versions first, even ids, an
 * answer due in 5 s, and a protocol violation of ours is a failure.
 */
export interface AgentDouble {
  /** What answered the greeting; undefined when the connection was closed instead. */
  readonly greeted: unknown;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<Ended>;
  /** Sends a request under the next even id and waits for the answer with that id. */
  ask(type: string, content: object): Promise<MonitorMessage>;
  health(): Promise<MonitorMessage>;
  upscale(memBytes: number): Promise<MonitorMessage>;
  downscale(memBytes: number): Promise<MonitorMessage>;
  /** Sends a text, or bytes, as they are. */
  send(data: string | Uint8Array): void;
  /** The next `UpscaleRequest`, or one that has come already. */
  upscaleRequest(): Promise<MonitorMessage>;
  /** What has come so far. */
  readonly received: readonly MonitorMessage[];
  /** The id that the next request will have. */
  nextId(): number;
  /** No pongs, no reading: as an agent whose machine is gone. */
  fallSilent(): void;
  /** A normal close, as an agent does it: waits up to 5 s for ours. */
  close(): Promise<Ended>;
  /** Cuts the connection. */
  cut(): void;
}

const answerMsMax = 5_000;
const messageBytesMax = 32_768;

/** Dials and greets. @param greeting other than `{"min":1,"max":1}`; null for an agent that says nothing */
export async function dial(
  url: string,
  greeting: string | Uint8Array | null = '{"min":1,"max":1}',
): Promise<AgentDouble> {
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: messageBytesMax });
  const received: MonitorMessage[] = [];
  const watchers = new Set<() => void>();
  const greeted = Promise.withResolvers<unknown>();
  let isGreeted = false;
  let lastId = 0;

  const closed = new Promise<Ended>((resolve) => {
    socket.on("close", (code, reason) => {
      resolve({ code, reason: reason.toString() });
      greeted.resolve(undefined);
      for (const look of watchers) look();
    });
  });
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => {
    assert.equal(isBinary, false, "the agent reads text only");
    const message = JSON.parse(data.toString());
    if (!isGreeted) {
      isGreeted = true;
      greeted.resolve(message);
      return;
    }
    assert.equal(typeof message.type, "string", "a message without a type closes the connection");
    assert.equal(typeof message.id, "number", "a message without an id closes the connection");
    received.push(message);
    for (const look of watchers) look();
  });
  await Promise.race([once(socket, "open"), closed]);
  if (greeting !== null && socket.readyState === WebSocket.OPEN) socket.send(greeting);

  /** The first message that came, or comes, with these properties. */
  async function receive(what: string, matches: (message: MonitorMessage) => boolean): Promise<MonitorMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<MonitorMessage>();
    const timer = setTimeout(() => reject(new Error(`${what} did not come within ${answerMsMax} ms`)), answerMsMax);
    const look = (): void => {
      const found = received.find(matches);
      if (found !== undefined) resolve(found);
      else if (socket.readyState === WebSocket.CLOSED)
        reject(new Error(`${what} did not come: the connection was closed`));
    };
    watchers.add(look);
    try {
      look();
      return await promise;
    } finally {
      clearTimeout(timer);
      watchers.delete(look);
    }
  }

  const agent: AgentDouble = {
    greeted: await greeted.promise,
    closed,
    received,
    nextId: () => lastId + 2,
    ask: async (type, content) => {
      lastId += 2;
      const id = lastId;
      socket.send(JSON.stringify({ content, type, id }));
      return await receive(`the answer to ${type} ${id}`, (message) => message.id === id);
    },
    health: () => agent.ask("HealthCheck", {}),
    upscale: (mem) => agent.ask("UpscaleNotification", { granted: { cpu: 2, mem } }),
    downscale: (mem) => agent.ask("DownscaleRequest", { target: { cpu: 1, mem } }),
    send: (data) => socket.send(data),
    upscaleRequest: () => receive("an UpscaleRequest", ({ type }) => type === "UpscaleRequest"),
    fallSilent: () => void socket.pause(),
    close: async () => {
      socket.close(1000);
      return await closed;
    },
    cut: () => socket.terminate(),
  };
  return agent;
}
