import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { parseTenantId, parseTimelineId } from "../../base/ids.ts";
import { safekeeperSettings } from "../native-sync-request.ts";
import { encodeReplication, type ReplicationMessage } from "../walproposer/replication-message.ts";
import { ProtocolError } from "../wire/protocol-error.ts";
import { startFakeServer, trust } from "./fake-server.ts";
import { WalReader, type WalRequest } from "./native-sync-wal.ts";

const begin = 0x1500000n;

function wal(startLsn: bigint, text: string): ReplicationMessage {
  return { kind: "wal", startLsn, endLsn: startLsn + 100n, time: 0n, data: Buffer.from(text) };
}

/** A reader, a safekeeper that streams those messages, and the commands that it got. */
async function open(t: TestContext, stream: readonly ReplicationMessage[]) {
  const commands: string[] = [];
  const server = await startFakeServer(async (peer) => {
    await trust(peer);
    const [query] = await peer.until("query");
    commands.push(query?.kind === "query" ? query.text : "");
    peer.send({ kind: "copyBothResponse" });
    for (const message of stream) peer.send({ kind: "copyData", data: encodeReplication(message) });
    peer.send({ kind: "copyDone" });
    await peer.next();
  });
  t.after(() => server.close());
  const options = {
    tenantId: parseTenantId("a1b2c3d4e5f60718293a4b5c6d7e8f90") ?? assert.fail(),
    timelineId: parseTimelineId("0f1e2d3c4b5a69788796a5b4c3d2e1f0") ?? assert.fail(),
    token: null,
    ...safekeeperSettings(null),
    caFile: null,
    mayCreate: false,
    connectMsMax: 10_000,
    idleMsMax: 10_000,
  } as const;
  const reader = new WalReader(options, new AbortController().signal);
  t.after(() => reader.close());
  const source = `127.0.0.1:${server.port}`;
  const span = (from: bigint, bytes: number): WalRequest => {
    const beginLsn = begin + from;
    return { source, term: 4n, beginLsn, endLsn: beginLsn + BigInt(bytes) };
  };
  return { reader, span, commands };
}

describe("reading WAL of a safekeeper (SK-47)", () => {
  it("cuts a stream into the spans that are asked for, over one connection as long as they follow", async (t) => {
    const stream = [
      wal(begin, "abcd"),
      { kind: "keepalive", endLsn: begin + 8n, time: 0n },
      wal(begin + 4n, "efgh"),
    ] as const;
    const { reader, span, commands } = await open(t, stream);
    assert.equal((await reader.read(span(0n, 3))).toString(), "abc");
    assert.equal((await reader.read(span(3n, 5))).toString(), "defgh");
    assert.equal((await reader.read(span(0n, 2))).toString(), "ab");
    const command = "START_REPLICATION PHYSICAL 0/1500000 (term='4')";
    assert.deepEqual(commands, [command, command]);
  });

  for (const [what, stream, expected] of [
    ["with a gap", [wal(begin + 1n, "bcd")], /WAL at 0\/1500001 where 0\/1500000 was due/],
    ["that ends too early", [wal(begin, "a")], /ended the stream/],
    ["of a safekeeper that has no more", [{ kind: "keepalive", endLsn: begin + 1n, time: 0n }], /its WAL ends at/],
  ] as const) {
    it(`refuses a stream ${what}`, async (t) => {
      const { reader, span } = await open(t, stream);
      await assert.rejects(reader.read(span(0n, 3)), (error: Error) => {
        assert.match(error.message, expected);
        return error instanceof ProtocolError;
      });
    });
  }
});
