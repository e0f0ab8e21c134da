import { formatLsn, type Lsn } from "../../base/lsn.ts";
import { walReadCommand } from "../requests.ts";
import { decodeReplication } from "../walproposer/replication-message.ts";
import { ProtocolError } from "../wire/protocol-error.ts";
import type { LibpqConnection } from "./libpq-connection.ts";
import { type LinkOptions, openReplication } from "./native-sync-link.ts";

/** A span of WAL, and where to read it. */
export interface WalRequest {
  /** `host:port`. */
  readonly source: string;
  readonly term: bigint;
  readonly beginLsn: Lsn;
  readonly endLsn: Lsn;
}

/** Reads WAL of a safekeeper, one span after the other, over a connection that it keeps as long as the spans follow (SK-47). */
export class WalReader {
  readonly #options: LinkOptions;
  readonly #signal: AbortSignal;
  #open: { readonly source: string; readonly connection: LibpqConnection } | undefined;
  /** WAL that was received and not yet asked for, from {@link #atLsn} on. */
  #pieces: Buffer[] = [];
  #atLsn: Lsn = 0n;
  #bytes = 0;

  constructor(options: LinkOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** @throws ProtocolError when the safekeeper has not all of it, or sends something else */
  async read(request: WalRequest): Promise<Buffer> {
    const connection = await this.#connect(request);
    const bytes = Number(request.endLsn - request.beginLsn);
    while (this.#bytes < bytes) await this.#receive(connection, request.endLsn);
    const all = Buffer.concat(this.#pieces);
    this.#keep(request.endLsn, all.subarray(bytes));
    return all.subarray(0, bytes);
  }

  close(): void {
    this.#open?.connection.close();
    this.#open = undefined;
  }

  async #connect({ source, term, beginLsn }: WalRequest): Promise<LibpqConnection> {
    if (this.#open?.source === source && this.#atLsn === beginLsn) return this.#open.connection;
    this.close();
    const connection = await openReplication(source, this.#options, this.#signal);
    this.#open = { source, connection };
    this.#keep(beginLsn, Buffer.alloc(0));
    await connection.startCopyBoth(walReadCommand(beginLsn, term), this.#options.connectMsMax);
    return connection;
  }

  async #receive(connection: LibpqConnection, neededLsn: Lsn): Promise<void> {
    const bytes = await connection.receiveCopyData(this.#options.idleMsMax);
    if (bytes === undefined) throw new ProtocolError("the safekeeper ended the stream of WAL");
    const message = decodeReplication(bytes);
    const nextLsn = this.#atLsn + BigInt(this.#bytes);
    if (message.kind === "wal") {
      if (message.startLsn !== nextLsn) {
        throw new ProtocolError(`WAL at ${formatLsn(message.startLsn)} where ${formatLsn(nextLsn)} was due`);
      }
      this.#pieces.push(message.data);
      this.#bytes += message.data.length;
    } else if (message.endLsn < neededLsn) {
      throw new ProtocolError(`its WAL ends at ${formatLsn(message.endLsn)}, ${formatLsn(neededLsn)} is needed`);
    }
  }

  #keep(atLsn: Lsn, rest: Buffer): void {
    this.#atLsn = atLsn;
    this.#pieces = [rest];
    this.#bytes = rest.length;
  }
}
