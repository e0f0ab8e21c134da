import type { Duplex } from "node:stream";
import { errorCode } from "../../base/error-chain.ts";
import type { RouteTable } from "../route-table.ts";
import type { RawAnswer } from "../unparsed.ts";
import { answerUnparsed, rawAnswerText } from "../unparsed.ts";
import type { Exchanges } from "./exchanges.ts";

/** How long a refused client may go on sending before its connection is cut; a cut at once could eat the answer. */
const lingerMs = 1000;

/** Ends connections on which something came that is no HTTP request. */
export interface Refuser {
  unparsed(error: Error, connection: Duplex): void;
  /** Answers a request that Node handed over as a bare connection. */
  bare(answer: RawAnswer, connection: Duplex): void;
}

/** A refuser that lets the good requests before the bad bytes be answered first, in their order. */
export function createRefuser(routes: RouteTable, exchanges: Exchanges): Refuser {
  const refused = new WeakSet<Duplex>();
  const refuse = async (connection: Duplex, answer: RawAnswer): Promise<void> => {
    if (refused.has(connection)) return;
    refused.add(connection);
    // Without limit: a waiting route such as /configure may be in progress on this connection (HTTP-41).
    const bodyWasBroken = exchanges.breakBodies(connection);
    await exchanges.answered(connection);
    if (connection.destroyed || !connection.writable) return void connection.destroy();
    // A request with a broken body has had its own answer.
    connection.end(bodyWasBroken ? "" : rawAnswerText(answer, new Date()));
    const cut = setTimeout(() => connection.destroy(), lingerMs).unref();
    connection.once("close", () => clearTimeout(cut));
  };
  return {
    unparsed: (error, connection) => void refuse(connection, answerUnparsed(routes, parserFailure(error))),
    bare: (answer, connection) => void refuse(connection, answer),
  };
}

function parserFailure(error: Error): Parameters<typeof answerUnparsed>[1] {
  const packet = "rawPacket" in error && error.rawPacket instanceof Uint8Array ? error.rawPacket : new Uint8Array();
  const parsed = "bytesParsed" in error && typeof error.bytesParsed === "number" ? error.bytesParsed : 0;
  return { code: errorCode(error), packet: Buffer.from(packet).toString("latin1"), parsed };
}
