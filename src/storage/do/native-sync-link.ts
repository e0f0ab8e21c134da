import { describeError } from "../../base/error-chain.ts";
import { safekeeperTarget } from "../connection-target.ts";
import type { NativeSync } from "../native-sync-request.ts";
import { type Branch, proposerStartup, walPushCommand } from "../requests.ts";
import type { AcceptorMessage, MessageCodec, ProposerMessage } from "../walproposer/messages.ts";
import { codecV2 } from "../walproposer/messages-v2.ts";
import { codecV3 } from "../walproposer/messages-v3.ts";
import { type LibpqConnection, openLibpq } from "./libpq-connection.ts";

/** How to talk with the safekeepers of a branch. */
export interface LinkOptions
  extends Branch,
    Pick<NativeSync, "token" | "caFile" | "conninfoOptions" | "protocolVersion"> {
  /** Whether a safekeeper that does not know the branch may make it. */
  readonly mayCreate: boolean;
  /** For each step of a connection, in milliseconds. */
  readonly connectMsMax: number;
  /** The longest silence of an open one, in milliseconds. */
  readonly idleMsMax: number;
}

/** What a link has to tell, until it is closed or has told that it is down. */
export interface LinkEvents {
  up(): void;
  message(message: AcceptorMessage): void;
  /** @param error what it broke by; undefined when the safekeeper just ended it */
  down(reason: string, error?: unknown): void;
}

/** Opens a connection of the kind that proposers use (SK-31). */
export function openReplication(
  hostPort: string,
  options: Omit<LinkOptions, "mayCreate" | "idleMsMax" | "protocolVersion">,
  signal: AbortSignal,
): Promise<LibpqConnection> {
  const { token, conninfoOptions, caFile, connectMsMax } = options;
  const target = { ...safekeeperTarget(hostPort, conninfoOptions), keepAlive: true };
  const login = { params: proposerStartup(options), token: target.password ?? token, connectMsMax, caFile };
  return openLibpq(target, login, signal);
}

/** One conversation with one acceptor, from the connection to its end. */
export class SyncLink {
  readonly #codec: MessageCodec;
  readonly #closed = new AbortController();
  #connection: LibpqConnection | undefined;
  /** Settles when the connection is gone; never rejects. */
  readonly ended: Promise<void>;

  constructor(hostPort: string, options: LinkOptions, events: LinkEvents) {
    this.#codec = options.protocolVersion === 2 ? codecV2 : codecV3;
    this.ended = this.#run(hostPort, options, events);
  }

  get signal(): AbortSignal {
    return this.#closed.signal;
  }

  send(message: ProposerMessage): void {
    this.#connection?.sendCopyData(this.#codec.encodeProposer(message));
  }

  /** Waits until the safekeeper took what was sent, or nearly all of it. */
  async drained(): Promise<void> {
    await this.#connection?.drained(this.signal);
  }

  halfClose(): void {
    this.#connection?.halfClose();
  }

  close(): void {
    this.#closed.abort(new Error("the connection was closed"));
    this.#connection?.close();
  }

  async #run(hostPort: string, options: LinkOptions, events: LinkEvents): Promise<void> {
    const tell = (event: () => void): void => {
      if (!this.signal.aborted) event();
    };
    try {
      const connection = await openReplication(hostPort, options, this.signal);
      this.#connection = connection;
      const command = walPushCommand(options.protocolVersion, options.mayCreate);
      await connection.startCopyBoth(command, options.connectMsMax);
      tell(() => events.up());
      const receive = (): Promise<Buffer | undefined> => connection.receiveCopyData(options.idleMsMax);
      for (let bytes = await receive(); bytes !== undefined && !this.signal.aborted; bytes = await receive()) {
        const message = this.#codec.decodeAcceptor(bytes);
        tell(() => events.message(message));
      }
      tell(() => events.down("it ended the conversation"));
    } catch (error) {
      tell(() => events.down(describeError(error), error));
    } finally {
      this.#connection?.close();
    }
  }
}
