import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { inject, type ProxyFault } from "./inject.ts";

export type { ProxyFault } from "./inject.ts";

/** What befalls the connection of that number, from 0; null for none. */
export type FaultPlan = (connection: number) => ProxyFault | null;

/** A server on 127.0.0.1 that passes everything on to another one, but for the faults that are asked for. */
export interface FaultProxy {
  readonly hostPort: string;
  readonly port: number;
  /** How many connections came since the faults were last set. */
  connections(): number;
  /** How many bytes went to the client over all connections. */
  bytesToClient(): number;
  /** For connections from now on, which count from 0 again. One that stands is left alone. */
  setFaults(plan: FaultPlan): void;
  close(): Promise<void>;
}

/** What a test lets go of at its end. */
interface Cleanup {
  after(release: () => Promise<void>): void;
}

/** Starts a proxy before the server on that port; it ends with the test. */
export async function startFaultProxy(t: Cleanup, port: number, plan: FaultPlan = () => null): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  let current = plan;
  let connections = 0;
  let bytesToClient = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const fault = current(connections);
    connections += 1;
    const behind = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    for (const socket of [client, behind]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      // The other end hears of it by the close.
      socket.on("error", () => {});
    }
    const direction = fault?.direction ?? "to-client";
    void pass(client, behind, direction === "to-server" ? fault : null, () => {});
    void pass(behind, client, direction === "to-client" ? fault : null, (bytes) => {
      bytesToClient += bytes;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const ownPort = typeof address === "object" && address !== null ? address.port : 0;
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  t.after(close);
  return {
    hostPort: `127.0.0.1:${ownPort}`,
    port: ownPort,
    connections: () => connections,
    bytesToClient: () => bytesToClient,
    setFaults: (next) => {
      current = next;
      connections = 0;
    },
    close,
  };
}

/** Passes what comes on one side to the other, until one of them ends. Never rejects. */
async function pass(from: Socket, to: Socket, fault: ProxyFault | null, count: (bytes: number) => void): Promise<void> {
  let passed = 0;
  try {
    if (fault?.kind === "late") await delay(fault.ms);
    for await (const chunk of from.iterator({ destroyOnReturn: false })) {
      const { pieces, next } = inject(fault, passed, chunk);
      passed += chunk.length;
      for (const piece of pieces) {
        if (fault?.kind === "delay") await delay(fault.ms);
        count(piece.length);
        if (!to.write(piece)) await once(to, "drain");
      }
      switch (next) {
        case "reset":
          from.resetAndDestroy();
          to.resetAndDestroy();
          return;
        case "end":
          to.end();
          from.resume();
          return;
        case "stall":
          from.resume();
          return;
        case "pass":
      }
    }
    to.end();
  } catch {
    to.resetAndDestroy();
  }
}
