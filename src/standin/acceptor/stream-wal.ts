import { formatLsn, type Lsn } from "../../base/lsn.ts";
import { lower } from "../../storage/walproposer/membership.ts";
import { walPayloadBytesMax, walSegmentBytes } from "../../storage/walproposer/messages.ts";
import { encodeReplication } from "../../storage/walproposer/replication-message.ts";
import { CommandFailure } from "../command-failure.ts";
import type { CopyChannel } from "../libpq-session.ts";
import type { Timeline } from "./timeline.ts";

const keepaliveMs = 1000;
const pageBytes = 8192n;
/** Milliseconds from 1970 to 2000. */
const epochOffsetMs = 946_684_800_000;

/**
 * Streams WAL until the client hangs up (SK-2): with a term up to the end of the log, as long as the acceptor is in that
 * term; without, up to what is committed, until there is no more and no proposer that could bring some.
 * @throws CommandFailure when one of these ends it
 */
export async function streamWal(
  channel: CopyChannel,
  timeline: Timeline,
  startLsn: Lsn,
  term: bigint | null,
): Promise<void> {
  const over = new AbortController();
  const hungUp = (async () => {
    while ((await channel.receive()) !== undefined);
  })().finally(() => over.abort());
  const signal = AbortSignal.any([over.signal, channel.signal]);
  await Promise.race([hungUp, pump(channel, timeline, startLsn, term, signal)]);
}

async function pump(
  channel: CopyChannel,
  timeline: Timeline,
  startLsn: Lsn,
  term: bigint | null,
  signal: AbortSignal,
): Promise<void> {
  for (let at = startLsn; !signal.aborted; ) {
    const { control, commitLsn } = timeline.state;
    if (term !== null && control.term !== term) {
      throw new CommandFailure("other", `the acceptor is in term ${control.term}, WAL of term ${term} was asked for`);
    }
    const availableLsn = term === null ? commitLsn : control.flushLsn;
    if (at < availableLsn) {
      const data = timeline.readWal(at, Number(chunkEnd(at, availableLsn) - at));
      await channel.send(encodeReplication({ kind: "wal", startLsn: at, endLsn: availableLsn, time: now(), data }));
      at += BigInt(data.length);
    } else if (term === null && timeline.proposers === 0) {
      throw new CommandFailure("stream-ended", `ending streaming at ${formatLsn(at)}`);
    } else if ((await nextChange(timeline, signal)) === "none") {
      await channel.send(encodeReplication({ kind: "keepalive", endLsn: availableLsn, time: now() }));
    }
  }
}

/** A chunk ends with a page or a segment, unless there is no more WAL. */
function chunkEnd(startLsn: Lsn, availableLsn: Lsn): Lsn {
  const segment = BigInt(walSegmentBytes);
  const segmentEnd = (startLsn / segment + 1n) * segment;
  const end = lower(startLsn + BigInt(walPayloadBytesMax), segmentEnd);
  return availableLsn <= end ? availableLsn : end - (end % pageBytes);
}

/** Waits for a step of the timeline, but no longer than until a keepalive is due. */
async function nextChange(timeline: Timeline, signal: AbortSignal): Promise<"some" | "none"> {
  const { promise, resolve } = Promise.withResolvers<"some" | "none">();
  const unwatch = timeline.watch(() => resolve("some"));
  const timer = setTimeout(() => resolve("none"), keepaliveMs);
  const stop = (): void => resolve("some");
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await promise;
  } finally {
    unwatch();
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function now(): bigint {
  return BigInt(Date.now() - epochOffsetMs) * 1000n;
}
