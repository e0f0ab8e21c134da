import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { parseTenantId, parseTimelineId } from "../../base/ids.ts";
import {
  type AcceptorMessage,
  type MessageCodec,
  noConf,
  type ProposerMessage,
  walSegmentBytes,
} from "../../storage/walproposer/messages.ts";
import { codecV2 } from "../../storage/walproposer/messages-v2.ts";
import { codecV3 } from "../../storage/walproposer/messages-v3.ts";
import { decodeReplication } from "../../storage/walproposer/replication-message.ts";
import type { BackendMessage } from "../../storage/wire/messages.ts";
import { connect, kinds, type WireClient } from "../test-client.ts";
import { createTokenAuthority } from "../token.ts";
import { type SafekeeperOptions, type StandinSafekeeper, startSafekeeper } from "./safekeeper.ts";

const tenantId = parseTenantId("a1b2c3d4e5f60718293a4b5c6d7e8f90") ?? assert.fail();
const timelineId = parseTimelineId("0f1e2d3c4b5a69788796a5b4c3d2e1f0") ?? assert.fail();
const options = `-c timeline_id=${timelineId} tenant_id=${tenantId}`;
const server = { pgVersion: 170_005, systemId: 42n };
const startLsn = 0x1696628n;

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "safekeeper-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A safekeeper with one timeline, some of whose WAL is not committed. */
async function start(t: TestContext, more: Partial<SafekeeperOptions> = {}): Promise<StandinSafekeeper> {
  const safekeeper = await startSafekeeper({ nodeId: 7n, folder: folderFor(t), tokens: null, ...more });
  t.after(() => safekeeper.close());
  safekeeper.createTimeline({ tenantId, timelineId, server, startLsn });
  safekeeper.setPosition({ flushLsn: 0x1696700n, commitLsn: startLsn });
  return safekeeper;
}

/** What comes back for one simple query. */
async function ask(
  server: StandinSafekeeper,
  query: string,
  params: Readonly<Record<string, string>> = { options },
): Promise<readonly BackendMessage[]> {
  const client = await connect(server.port, new Map(Object.entries({ user: "no_user", ...params })));
  await client.untilReady();
  client.send({ kind: "query", text: query });
  return client.untilReadyOrClosed();
}

function rows(reply: readonly BackendMessage[]): readonly (readonly (string | null)[])[] {
  return reply.flatMap((message) => (message.kind === "dataRow" ? [message.values] : []));
}

function errorText(reply: readonly BackendMessage[]): string | undefined {
  const [first] = reply;
  return first?.kind === "errorResponse" ? first.message : undefined;
}

describe("stand-in safekeeper (SK-1, SK-2)", () => {
  it("tells how far its log goes", async (t) => {
    const server = await start(t);
    const reply = await ask(server, "TIMELINE_STATUS");
    assert.deepEqual(kinds(reply), ["rowDescription", "dataRow", "commandComplete", "readyForQuery"]);
    assert.deepEqual(rows(reply), [["0/1696700", "0/1696628"]]);
    server.setPosition({ flushLsn: 0x5000000n, commitLsn: 0x5000000n });
    assert.deepEqual(rows(await ask(server, "TIMELINE_STATUS")), [["0/5000000", "0/5000000"]]);
  });

  it("has no row for a timeline that it does not know, or is told not to", async (t) => {
    const server = await start(t);
    const other = `tenant_id=${tenantId} timeline_id=${"9".repeat(32)}`;
    assert.deepEqual(kinds(await ask(server, "TIMELINE_STATUS", { options: other })), [
      "rowDescription",
      "commandComplete",
      "readyForQuery",
    ]);
    server.setFaults({ fault: { kind: "no-row" } });
    assert.deepEqual(rows(await ask(server, "TIMELINE_STATUS")), []);
  });

  it("identifies the system; only members of the consensus see beyond the commit", async (t) => {
    const server = await start(t);
    assert.deepEqual(rows(await ask(server, "IDENTIFY_SYSTEM")), [["42", "1", "0/1696628", null]]);
    const member = { options, application_name: "wal_proposer_recovery" };
    assert.deepEqual(rows(await ask(server, "IDENTIFY_SYSTEM", member)), [["42", "1", "0/1696700", null]]);
  });

  it("wants both ids, and says what it does not speak", async (t) => {
    const server = await start(t);
    assert.equal(errorText(await ask(server, "TIMELINE_STATUS", {})), "tenantid is required");
    assert.match(errorText(await ask(server, "PROMOTE now")) ?? "", /unsupported command "PROMOTE"/);
    assert.deepEqual(kinds(await ask(server, "set datestyle to iso")), ["commandComplete", "readyForQuery"]);
  });

  it("hangs up on a startup option that does not parse", async (t) => {
    const server = await start(t);
    const client = await connect(server.port, new Map([["options", "tenant_id=nonsense"]]));
    assert.deepEqual(await client.untilClosed(), []);
  });

  it("checks tokens (BASE-21)", async (t) => {
    const tokens = await createTokenAuthority();
    const server = await start(t, { tokens });
    for (const [claims, expected] of [
      [{ scope: "tenant", tenant_id: tenantId }, undefined],
      [{ scope: "safekeeperdata" }, undefined],
      [{ scope: "pageserverapi" }, "JWT authentication error"],
    ] as const) {
      const client = await connect(server.port, new Map([["options", options]]));
      client.send({ kind: "password", password: await tokens.issue(claims) });
      await client.untilReady();
      client.send({ kind: "query", text: "TIMELINE_STATUS" });
      assert.equal(errorText(await client.untilReadyOrClosed()), expected);
    }
  });
});

const greeting = {
  kind: "greeting",
  tenantId,
  timelineId,
  conf: noConf,
  pgVersion: 170_005,
  systemId: 0n,
  segmentBytes: walSegmentBytes,
} as const;

/** Opens a COPY BOTH; what comes first of it has been taken. */
async function openCopy(safekeeper: StandinSafekeeper, command: string, opts = options): Promise<WireClient> {
  const client = await connect(safekeeper.port, new Map([["options", opts]]));
  await client.untilReady();
  client.send({ kind: "query", text: command });
  assert.deepEqual(kinds(await client.take(1)), ["copyBothResponse"]);
  return client;
}

function sendAll(client: WireClient, codec: MessageCodec, ...messages: readonly ProposerMessage[]): void {
  client.send(...messages.map((message) => ({ kind: "copyData", data: codec.encodeProposer(message) }) as const));
}

async function replies(client: WireClient, codec: MessageCodec, count: number): Promise<readonly AcceptorMessage[]> {
  return (await client.take(count)).map((message) =>
    message.kind === "copyData" ? codec.decodeAcceptor(message.data) : assert.fail(JSON.stringify(message)),
  );
}

const push = "START_WAL_PUSH (proto_version '3', allow_timeline_creation 'false')";

describe("stand-in safekeeper as an acceptor (SK-2, SK-60 to SK-66)", () => {
  for (const [what, command, codec] of [
    ["version 3", push, codecV3],
    ["version 2, which is the default", "START_WAL_PUSH", codecV2],
  ] as const) {
    it(`votes, takes WAL, and still has it after a restart, in ${what}`, async (t) => {
      const folder = folderFor(t);
      const first = await start(t, { folder });
      const client = await openCopy(first, command);
      const common = { generation: 0, term: 4n } as const;
      sendAll(client, codec, greeting, { kind: "vote-request", ...common });
      const [hello, vote] = await replies(client, codec, 2);
      assert.deepEqual(hello, { kind: "greeting", nodeId: 7n, conf: noConf, term: 0n });
      assert.equal(vote?.kind === "vote-response" && vote.given, true);
      const history = [
        { term: 0n, lsn: startLsn },
        { term: 4n, lsn: 0x1696700n },
      ];
      const request = {
        kind: "append-request",
        ...common,
        beginLsn: 0x1696700n,
        commitLsn: 0n,
        truncateLsn: 0n,
      } as const;
      sendAll(
        client,
        codec,
        { kind: "elected", ...common, startStreamingAt: 0x1696700n, history },
        { ...request, data: Buffer.from("some WAL") },
        { ...request, beginLsn: 0x1696708n, data: Buffer.from("and more") },
      );
      // One acknowledgement for both, or one for each, as they happen to arrive.
      for (let flushLsn = 0n; flushLsn < 0x1696710n; ) {
        const [ack] = await replies(client, codec, 1);
        flushLsn = ack?.kind === "append-response" ? ack.flushLsn : assert.fail();
      }
      await first.close();
      const second = await startSafekeeper({ nodeId: 7n, folder, tokens: null });
      t.after(() => second.close());
      assert.deepEqual(rows(await ask(second, "TIMELINE_STATUS")), [["0/1696710", "0/1696628"]]);
      const reader = await openCopy(second, "START_REPLICATION PHYSICAL 0/1696708 (term='4')");
      const [data] = await reader.take(1);
      const wal = data?.kind === "copyData" ? decodeReplication(data.data) : undefined;
      assert.equal(wal?.kind === "wal" && wal.data.toString(), "and more");
    });
  }

  it("makes an unknown timeline only when it is allowed to, else hangs up after the COPY BOTH", async (t) => {
    const safekeeper = await start(t);
    const other = parseTimelineId("9".repeat(32)) ?? assert.fail();
    const opts = `tenant_id=${tenantId} timeline_id=${other}`;
    const refused = await openCopy(safekeeper, push, opts);
    sendAll(refused, codecV3, { ...greeting, timelineId: other });
    assert.deepEqual(await refused.untilClosed(), []);
    const client = await openCopy(safekeeper, push.replace("false", "true"), opts);
    sendAll(client, codecV3, { ...greeting, timelineId: other });
    await replies(client, codecV3, 1);
    assert.deepEqual(rows(await ask(safekeeper, "TIMELINE_STATUS", { options: opts })), [["0/0", "0/0"]]);
  });

  it("says what is wrong and hangs up", async (t) => {
    const safekeeper = await start(t);
    for (const [messages, why] of [
      [[{ kind: "vote-request", generation: 0, term: 1n }], /expected a greeting, got vote-request/],
      [[{ ...greeting, pgVersion: 150_001 }], /invalid server version 150001/],
      [[greeting, { kind: "vote-request", generation: 9, term: 1n }], /got generation 9, expected 0/],
    ] as const) {
      const client = await openCopy(safekeeper, push);
      sendAll(client, codecV3, ...messages);
      const last = (await client.untilClosed()).at(-1);
      assert.match(last?.kind === "errorResponse" ? last.message : "", why);
    }
    const client = await openCopy(safekeeper, push);
    client.send({ kind: "copyData", data: Buffer.from("nonsense") });
    assert.match(errorText(await client.untilClosed()) ?? "", /unknown message "n"/);
    assert.match(errorText(await ask(safekeeper, "START_WAL_PUSH (proto_version '4')")) ?? "", /no protocol version 4/);
    const maybe = "START_WAL_PUSH (allow_timeline_creation 'maybe')";
    assert.match(errorText(await ask(safekeeper, maybe)) ?? "", /neither true nor false/);
    assert.match(errorText(await ask(safekeeper, "START_REPLICATION 7")) ?? "", /malformed/);
  });
});

describe("stand-in safekeeper as a source of WAL (SK-2)", () => {
  const text = (reply: readonly BackendMessage[]): string => {
    const last = reply.at(-1);
    return last?.kind === "errorResponse" ? `${last.code} ${last.message}` : "";
  };

  it("streams what is committed, in chunks cut at pages, and ends when there is no more", async (t) => {
    const safekeeper = await start(t);
    safekeeper.setPosition({ flushLsn: 0x1800000n, commitLsn: 0x16d0000n });
    const client = await openCopy(safekeeper, "START_REPLICATION SLOT x PHYSICAL 0/1696701");
    const messages = await client.untilClosed();
    const chunks = messages.flatMap((message) =>
      message.kind === "copyData" ? [decodeReplication(message.data)] : [],
    );
    assert.deepEqual(
      chunks.map((chunk) => chunk.kind === "wal" && [chunk.startLsn, chunk.data.length]),
      [
        [0x1696701n, 0x16b6000 - 0x1696701],
        [0x16b6000n, 0x1a000],
      ],
    );
    assert.match(text(messages), /^00000 ending streaming at 0\/16D0000$/);
  });

  it("with a term streams all it has, then keeps the connection alive, until the term changes", async (t) => {
    const safekeeper = await start(t);
    const wrong = await openCopy(safekeeper, "START_REPLICATION PHYSICAL 0/1696628 (term='3')");
    assert.match(text(await wrong.untilClosed()), /^XX000 the acceptor is in term 0, WAL of term 3 was asked for$/);
    const client = await openCopy(safekeeper, "START_REPLICATION PHYSICAL 0/1696628 (term='0')");
    const [wal, keepalive] = (await client.take(2)).map((message) =>
      message.kind === "copyData" ? decodeReplication(message.data) : undefined,
    );
    assert.equal(wal?.kind === "wal" && wal.data.length, 0x1696700 - 0x1696628);
    assert.equal(keepalive?.kind === "keepalive" && keepalive.endLsn, 0x1696700n);
    const proposer = await openCopy(safekeeper, push);
    sendAll(proposer, codecV3, greeting, { kind: "vote-request", generation: 0, term: 1n });
    assert.match(text(await client.untilClosed()), /is in term 1, WAL of term 0/);
  });
});
