import type { MessageCodec, ProposerMessage } from "../../storage/walproposer/messages.ts";
import { ProtocolError } from "../../storage/wire/protocol-error.ts";
import { CommandFailure } from "../command-failure.ts";
import type { CopyChannel } from "../libpq-session.ts";
import type { AcceptorEvent } from "./acceptor.ts";
import type { Timeline } from "./timeline.ts";

type Greeting = Extract<ProposerMessage, { readonly kind: "greeting" }>;

/** SK-65: under load, acknowledgements come at least this often. */
const replyMsMax = 1000;

/**
 * Talks with a proposer until it hangs up (SK-60).
 * @param open the timeline that the greeting is about; undefined when there is none and none may be made
 * @throws CommandFailure when the consensus forbids what it asks
 */
export async function receiveWal(
  channel: CopyChannel,
  codec: MessageCodec,
  open: (greeting: Greeting) => Timeline | undefined,
): Promise<void> {
  const first = await channel.receive();
  if (first === undefined) return;
  const greeting = decode(codec, first);
  if (greeting.kind !== "greeting") throw new CommandFailure("other", `expected a greeting, got ${greeting.kind}`);
  const timeline = open(greeting);
  if (timeline === undefined) return;
  timeline.proposers += 1;
  try {
    await serve(channel, codec, timeline, greeting);
  } finally {
    timeline.proposers -= 1;
  }
}

async function serve(
  channel: CopyChannel,
  codec: MessageCodec,
  timeline: Timeline,
  greeting: ProposerMessage,
): Promise<void> {
  let owesReply = false;
  let repliedMs = performance.now();
  const handle = async (event: AcceptorEvent): Promise<void> => {
    const handled = timeline.handle(event);
    owesReply = handled.owesReply || (owesReply && event.kind !== "flush");
    for (const reply of handled.replies) await channel.send(codec.encodeAcceptor(reply));
    if (handled.failure !== null) throw new CommandFailure("other", handled.failure);
  };
  await handle(greeting);
  for (let bytes = await channel.receive(); bytes !== undefined; bytes = await channel.receive()) {
    await handle(decode(codec, bytes));
    const isDue = !channel.hasMore() || performance.now() - repliedMs >= replyMsMax;
    if (!owesReply || !isDue) continue;
    await handle({ kind: "flush" });
    repliedMs = performance.now();
  }
}

function decode(codec: MessageCodec, bytes: Buffer): ProposerMessage {
  try {
    return codec.decodeProposer(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) throw new CommandFailure("other", error.message);
    throw error;
  }
}
