import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { clusterBranch } from "../../src/standin/acceptor/test-cluster.ts";
import { parseConnectionTarget, parseHostPort, safekeeperTarget } from "../../src/storage/connection-target.ts";
import { unpackBasebackup } from "../../src/storage/do/unpack.ts";
import {
  ConnectionTargetError,
  DamagedArchiveError,
  HostileArchiveError,
  LocalDiskError,
} from "../../src/storage/errors.ts";
import { encodeFrame, FrameReader } from "../../src/storage/grpc/frames.ts";
import { decodeMessage, readStatus } from "../../src/storage/grpc/status.ts";
import { parseGrpcTarget } from "../../src/storage/grpc/target.ts";
import { decodeBasebackupChunk, decodeLeaseResponse } from "../../src/storage/page-api/calls.ts";
import { decodeFeedback, encodeFeedback } from "../../src/storage/walproposer/common-fields.ts";
import { type AcceptorMessage, noConf, type ProposerMessage } from "../../src/storage/walproposer/messages.ts";
import { codecV2 } from "../../src/storage/walproposer/messages-v2.ts";
import { codecV3 } from "../../src/storage/walproposer/messages-v3.ts";
import { step } from "../../src/storage/walproposer/proposer.ts";
import { newProposer, type ProposerEvent } from "../../src/storage/walproposer/proposer-state.ts";
import { decodeReplication, encodeReplication } from "../../src/storage/walproposer/replication-message.ts";
import { decodeBackend } from "../../src/storage/wire/decode-backend.ts";
import { decodeFrontend } from "../../src/storage/wire/decode-frontend.ts";
import { encodeBackend } from "../../src/storage/wire/encode-backend.ts";
import { encodeFrontend } from "../../src/storage/wire/encode-frontend.ts";
import { ProtocolError } from "../../src/storage/wire/protocol-error.ts";
import { MessageReader } from "../../src/storage/wire/reader.ts";
import type { Random } from "../simulation/random.ts";
import { split } from "./mutate.ts";
import { bytesTarget, type FuzzTarget, textTarget } from "./target.ts";

const { tenantId, timelineId } = clusterBranch;
const columns = ["flush_lsn", "commit_lsn"].map((name) => ({ name, typeOid: 25, typeSize: -1 }));
const history = [
  { term: 1n, lsn: 0x14ee150n },
  { term: 5n, lsn: 0x1696628n },
];
const member = { nodeId: 7n, host: "sk7", port: 6500 };
const conf = { generation: 3, members: [member, { ...member, nodeId: 8n }], newMembers: [member] };
const common = { generation: 0, term: 6n };
const standby = { standbyTime: 0n, standbyXmin: 0n, standbyCatalogXmin: 0n };
const feedback = [{ key: "shard_number", value: Buffer.from("00000002", "hex") }];

const proposerMessages: readonly ProposerMessage[] = [
  { kind: "greeting", tenantId, timelineId, conf: noConf, pgVersion: 170_005, systemId: 0n, segmentBytes: 1 << 24 },
  { kind: "vote-request", ...common },
  { kind: "elected", ...common, startStreamingAt: 0x1697628n, history },
  {
    kind: "append-request",
    ...common,
    beginLsn: 0x1697620n,
    commitLsn: 0n,
    truncateLsn: 0n,
    data: Buffer.from("0001020304050607", "hex"),
  },
];
const acceptorMessages: readonly AcceptorMessage[] = [
  { kind: "greeting", nodeId: 7n, conf: noConf, term: 5n },
  { kind: "vote-response", ...common, given: true, flushLsn: 0x1697628n, truncateLsn: 0x1696628n, history },
  { kind: "append-response", ...common, flushLsn: 0x1697628n, commitLsn: 0x1697628n, ...standby, feedback: null },
  { kind: "append-response", ...common, flushLsn: 0x1697628n, commitLsn: 0x1697628n, ...standby, feedback },
];
const greetings = acceptorMessages.map((message) => codecV3.encodeAcceptor(message));
const withConf = codecV3.encodeAcceptor({ kind: "greeting", nodeId: 7n, conf, term: 5n });

const backend = Buffer.concat(
  (
    [
      { kind: "authenticationCleartextPassword" },
      { kind: "authenticationOk" },
      { kind: "parameterStatus", name: "server_version", value: "14.1" },
      { kind: "readyForQuery", status: "I" },
      { kind: "rowDescription", columns },
      { kind: "dataRow", values: ["0/1696628", null] },
      { kind: "commandComplete", tag: "SELECT 1" },
      { kind: "errorResponse", severity: "ERROR", code: "XX000", message: "not found" },
      { kind: "copyBothResponse" },
      { kind: "copyData", data: Buffer.from("abc") },
    ] as const
  ).map(encodeBackend),
);
const frontend = Buffer.concat(
  (
    [
      { kind: "sslRequest" },
      { kind: "startup", params: new Map([["user", "no_user"]]) },
      { kind: "password", password: "tok" },
      { kind: "parse", statement: "s0", text: "basebackup", parameterTypes: [] },
      { kind: "bind", portal: "", statement: "s0", resultFormats: [1] },
      { kind: "execute", portal: "", rowLimit: 0 },
      { kind: "query", text: "TIMELINE_STATUS" },
      { kind: "copyData", data: Buffer.from("abc") },
    ] as const
  ).map(encodeFrontend),
);

/** Reads a stream to its end, in pieces. */
function readStream(side: "client" | "server", decode: (raw: { tag: string; body: Buffer }) => unknown) {
  return (bytes: Buffer, random: Random): void => {
    const reader = new MessageReader({ side });
    for (const piece of split(bytes, random)) {
      reader.push(piece);
      for (let raw = reader.next(); raw !== undefined; raw = reader.next()) decode(raw);
    }
  };
}

/** Reads a stream as a base backup is read: the copied data as it comes, anything else by messages. */
function readCopiedStream(bytes: Buffer, random: Random): void {
  const reader = new MessageReader({ side: "client" });
  for (const piece of split(bytes, random)) {
    // It moves what it is given.
    reader.push(Buffer.from(piece));
    for (;;) {
      if (reader.copyData() !== undefined) continue;
      const raw = reader.next();
      if (raw === undefined) break;
      decodeBackend(raw);
    }
  }
}

/** Three acceptors say whatever was decoded of the input, to a proposer that must go on as if they were just wrong. */
function talkToProposer(bytes: Buffer, random: Random): void {
  const options = { generation: random.pick([0, 3]), tenantId, timelineId, pgVersion: 170_005, termFloor: 0n };
  const hostPorts = ["a:1", "b:1", "c:1"];
  const config = { hostPorts, ...options, silenceMsMax: 100, walBytesMax: 64 };
  let { state } = step(newProposer(config), { kind: "start", nowMs: 0 });
  for (let nowMs = 1; nowMs < 40; nowMs += 1) {
    const { effects, ...next } = step(state, nextEvent(bytes, random, nowMs));
    state = next.state;
    // What it wants to say must fit into messages.
    for (const effect of effects) if (effect.kind === "send") codecV3.encodeProposer(effect.message);
  }
}

function nextEvent(bytes: Buffer, random: Random, nowMs: number): ProposerEvent {
  const link = random.between(0, 2);
  const kind = random.pick(["link-down", "tick", "link-up", "link-up", "message", "message", "message"] as const);
  if (kind === "tick") return { kind, nowMs: nowMs * 10 };
  if (kind === "link-down") return { kind, link, reason: "it fell", nowMs };
  if (kind === "link-up") return { kind, link, nowMs };
  const said = random.chance(0.5) ? undefined : tryDecode(random.pick([bytes, bytes, withConf]));
  return { kind, link, message: said ?? random.pick(acceptorMessages), nowMs };
}

function tryDecode(bytes: Buffer): AcceptorMessage | undefined {
  try {
    return codecV3.decodeAcceptor(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** One member of a tar archive, with its checksum. */
function tarMember(name: string, content: string, type = "0"): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000600\0", 100);
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("15254235600\0", 136);
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar  \0", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, Buffer.from(content.padEnd(Math.ceil(content.length / 512) * 512, "\0"))]);
}

const archive = Buffer.concat([
  tarMember("base", "", "5"),
  tarMember("global/pg_control", "control"),
  tarMember("pg_wal/000000010000000000000001", "wal"),
  Buffer.alloc(1024),
]);

/** Unpacks into a folder of its own, which has to be empty again when the archive is refused. */
function unpackTarget(compression: "gzip" | "none"): FuzzTarget {
  const samples = compression === "gzip" ? [gzipSync(archive, { level: 1 })] : [archive];
  return {
    name: `base backup, ${compression}`,
    samples,
    refusals: [HostileArchiveError, DamagedArchiveError, LocalDiskError],
    // It writes files; a thousand others take as long.
    share: 0.005,
    run: async (bytes, random) => {
      const pgdata = mkdtempSync(join(tmpdir(), "fuzz-"));
      const log = { debug() {}, info() {}, warn() {}, error() {}, span: () => log };
      try {
        await unpackBasebackup(piecesOf(split(bytes, random)), { pgdata, owner: null, log, compression });
      } finally {
        rmSync(pgdata, { recursive: true, force: true });
      }
    },
  };
}

async function* piecesOf(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* pieces;
}

const targetUrls = [
  "postgresql://no_user:p%40ss@[::1]:64000,host2:5432/db?sslmode=require&options=-c%20a",
  "host=ps1,ps2 port=64000 user=no_user password='a b\\'c' sslmode=verify-full sslrootcert=/ca.pem",
];

/** Everything that reads bytes or text of pageservers and safekeepers. */
export const storageTargets: readonly FuzzTarget[] = [
  bytesTarget("libpq, as a client reads it", [backend], readStream("client", decodeBackend), [ProtocolError]),
  bytesTarget("libpq, as a base backup is read", [backend], readCopiedStream, [ProtocolError]),
  bytesTarget("libpq, as a server reads it", [frontend], readStream("server", decodeFrontend), [ProtocolError]),
  ...([codecV2, codecV3] as const).flatMap((codec, index) => [
    bytesTarget(
      `walproposer v${index + 2}, to the proposer`,
      index === 0 ? acceptorMessages.map(codec.encodeAcceptor) : [...greetings, withConf],
      codec.decodeAcceptor,
      [ProtocolError],
    ),
    bytesTarget(
      `walproposer v${index + 2}, to the acceptor`,
      proposerMessages.map(codec.encodeProposer),
      codec.decodeProposer,
      [ProtocolError],
    ),
  ]),
  bytesTarget("pageserver feedback", [encodeFeedback(feedback)], decodeFeedback, [ProtocolError]),
  bytesTarget(
    "replication messages",
    [
      encodeReplication({ kind: "wal", startLsn: 8n, endLsn: 16n, time: 1n, data: Buffer.from("dead") }),
      encodeReplication({ kind: "keepalive", endLsn: 16n, time: 1n }),
    ],
    decodeReplication,
    [ProtocolError],
  ),
  { ...bytesTarget("the proposer", [...greetings, withConf], talkToProposer), share: 0.3 },
  bytesTarget(
    "gRPC frames",
    [Buffer.concat([encodeFrame(Buffer.from("0a031f8b08", "hex")), encodeFrame(Buffer.from("0a0100", "hex"))])],
    (bytes, random) => {
      const reader = new FrameReader();
      for (const piece of split(bytes, random)) {
        reader.push(piece);
        for (let message = reader.next(); message !== undefined; message = reader.next())
          decodeBasebackupChunk(message);
      }
    },
    [ProtocolError],
  ),
  bytesTarget("gRPC chunk of a base backup", [Buffer.from("0a031f8b08", "hex")], decodeBasebackupChunk, [
    ProtocolError,
  ]),
  bytesTarget("gRPC answer about a lease", [Buffer.from("0a0c0880f7c4d5061080cab5ee01", "hex")], decodeLeaseResponse, [
    ProtocolError,
  ]),
  textTarget("gRPC status", ["5", "%4eot found: %C3%A9", "14"], (text) => {
    decodeMessage(text);
    return readStatus({ "grpc-status": text, "grpc-message": text });
  }),
  textTarget("gRPC addresses", ["grpc://no_user@ps:51051", "grpcs://[::1]/"], parseGrpcTarget, [ConnectionTargetError]),
  textTarget("pageserver addresses", targetUrls, (text) => parseConnectionTarget(text, "os"), [ConnectionTargetError]),
  textTarget("safekeeper entries", ["sk-1.local:5454", "[::1]:1"], parseHostPort, [ConnectionTargetError]),
  textTarget(
    "safekeeper connection options",
    ["sslmode=require password='a b' sslrootcert=/ca.pem"],
    (text) => safekeeperTarget("sk:1", text),
    [ConnectionTargetError],
  ),
  unpackTarget("none"),
  unpackTarget("gzip"),
];
