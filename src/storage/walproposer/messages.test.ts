import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseTenantId, parseTimelineId } from "../../base/ids.ts";
import { ProtocolError } from "../wire/protocol-error.ts";
import { decodeFeedback, encodeFeedback } from "./common-fields.ts";
import {
  type AcceptorMessage,
  type MessageCodec,
  noConf,
  type ProposerMessage,
  walPayloadBytesMax,
  walSegmentBytes,
} from "./messages.ts";
import { codecV2 } from "./messages-v2.ts";
import { codecV3 } from "./messages-v3.ts";
import { decodeReplication, encodeReplication, type ReplicationMessage } from "./replication-message.ts";

const tenantId = parseTenantId("a1b2c3d4e5f60718293a4b5c6d7e8f90") ?? assert.fail();
const timelineId = parseTimelineId("0f1e2d3c4b5a69788796a5b4c3d2e1f0") ?? assert.fail();
const [start, truncate] = [0x1697628n, 0x1696628n];
const history = [
  { term: 1n, lsn: 0x14ee150n },
  { term: 5n, lsn: truncate },
];
const conf = {
  generation: 3,
  members: [
    { nodeId: 7n, host: "sk7", port: 6500 },
    { nodeId: 8n, host: "sk8", port: 6500 },
  ],
  newMembers: [{ nodeId: 8n, host: "sk8", port: 6500 }],
};

/** The messages of the chapter's vectors in that generation. */
function samples(generation: number) {
  const common = { generation, term: 6n };
  const standby = { standbyTime: 0n, standbyXmin: 0n, standbyCatalogXmin: 0n, feedback: null };
  const empty = { beginLsn: start, commitLsn: start, truncateLsn: truncate, data: Buffer.alloc(0) };
  const data = Buffer.from("0001020304050607", "hex");
  const facts = { pgVersion: 170_005, systemId: 0n, segmentBytes: walSegmentBytes };
  const elected = [...history, { term: 6n, lsn: start }];
  return {
    greeting: { kind: "greeting", tenantId, timelineId, conf: noConf, ...facts },
    voteRequest: { kind: "vote-request", ...common },
    elected: { kind: "elected", ...common, startStreamingAt: start, history: elected },
    appendEmpty: { kind: "append-request", ...common, ...empty },
    append: { kind: "append-request", ...common, ...empty, beginLsn: start - 8n, commitLsn: 0n, data },
    acceptorGreeting: { kind: "greeting", nodeId: 7n, conf: noConf, term: 5n },
    voteResponse: { kind: "vote-response", ...common, given: true, flushLsn: start, truncateLsn: truncate, history },
    appendResponse: { kind: "append-response", ...common, flushLsn: start, commitLsn: start, ...standby },
  } as const;
}

const three = samples(3);
const two = samples(0);

const vectorsV3: readonly (readonly [ProposerMessage, string])[] = [
  [
    three.greeting,
    "6761316232633364346535663630373138323933613462356336643765386639300030663165326433633462356136393738383739366135623463336432653166300000000000000000000000000000029815000000000000000001000000",
  ],
  [three.voteRequest, "76000000030000000000000006"],
  [
    three.elected,
    "65000000030000000000000006000000000169762800000003000000000000000100000000014ee1500000000000000005000000000169662800000000000000060000000001697628",
  ],
  [three.appendEmpty, "610000000300000000000000060000000001697628000000000169762800000000016976280000000001696628"],
  [
    three.append,
    "6100000003000000000000000600000000016976200000000001697628000000000000000000000000016966280001020304050607",
  ],
];
const acceptorVectorsV3: readonly (readonly [AcceptorMessage, string])[] = [
  [three.acceptorGreeting, "6700000000000000070000000000000000000000000000000000000005"],
  [
    { ...three.acceptorGreeting, conf },
    "67000000000000000700000003000000020000000000000007736b370019640000000000000008736b38001964000000010000000000000008736b380019640000000000000005",
  ],
  [
    three.voteResponse,
    "76000000030000000000000006010000000001697628000000000169662800000002000000000000000100000000014ee15000000000000000050000000001696628",
  ],
  [
    three.appendResponse,
    "6100000003000000000000000600000000016976280000000001697628000000000000000000000000000000000000000000000000",
  ],
];
const vectorsV2: readonly (readonly [ProposerMessage, string])[] = [
  [
    two.greeting,
    "670000000000000002000000159802000000000000000000000000000000000000000000000000000f1e2d3c4b5a69788796a5b4c3d2e1f0a1b2c3d4e5f60718293a4b5c6d7e8f900100000000000001",
  ],
  [two.voteRequest, "7600000000000000060000000000000000000000000000000000000000000000"],
  [
    two.elected,
    "65000000000000000600000000000000287669010000000003000000010000000000000050e14e0100000000050000000000000028666901000000000600000000000000287669010000000050e14e0100000000",
  ],
  [
    two.appendEmpty,
    "610000000000000006000000000000000000000000000000287669010000000028766901000000002876690100000000286669010000000000000000000000000000000000000000",
  ],
];
const acceptorVectorsV2: readonly (readonly [AcceptorMessage, string])[] = [
  [two.acceptorGreeting, "670000000000000005000000000000000700000000000000"],
  [
    two.voteResponse,
    "7600000000000000060000000000000001000000000000002876690100000000286669010000000002000000010000000000000050e14e0100000000050000000000000028666901000000000000000000000000",
  ],
  [
    two.appendResponse,
    "6100000000000000060000000000000028766901000000002876690100000000000000000000000000000000000000000000000000000000",
  ],
];
const replicationVectors: readonly (readonly [ReplicationMessage, string])[] = [
  [
    { kind: "wal", startLsn: 0x1697600n, endLsn: start, time: 0x2feb43b8bb000n, data: Buffer.from("dead", "hex") },
    "77000000000169760000000000016976280002feb43b8bb000dead",
  ],
  [{ kind: "keepalive", endLsn: start, time: 0x2feb43b8bb000n }, "6b00000000016976280002feb43b8bb00001"],
];

/** Encodes, decodes, and cuts at every byte. WAL of no fixed length may be cut: its message then says another end. */
function check<T>(
  vectors: readonly (readonly [T, string])[],
  encode: (message: T) => Buffer,
  decode: (bytes: Buffer) => T,
  ofAnyLength: (message: T) => boolean = () => false,
): void {
  for (const [message, hex] of vectors) {
    assert.equal(encode(message).toString("hex"), hex);
    const bytes = Buffer.from(hex, "hex");
    assert.deepEqual(decode(bytes), message);
    if (ofAnyLength(message)) continue;
    for (let length = 0; length < bytes.length; length += 1)
      assert.throws(() => decode(bytes.subarray(0, length)), ProtocolError, `${hex} cut to ${length} bytes`);
    assert.throws(() => decode(Buffer.concat([bytes, Buffer.from([7])])), ProtocolError);
  }
}

describe("walproposer messages", () => {
  it("version 3 are the chapter's bytes, and broken when cut anywhere (SK-30)", () => {
    check(vectorsV3, codecV3.encodeProposer, codecV3.decodeProposer);
    check(acceptorVectorsV3, codecV3.encodeAcceptor, codecV3.decodeAcceptor);
  });

  it("version 2 are the chapter's bytes, and broken when cut anywhere", () => {
    check(vectorsV2, codecV2.encodeProposer, codecV2.decodeProposer);
    check(acceptorVectorsV2, codecV2.encodeAcceptor, codecV2.decodeAcceptor);
    assert.equal(codecV2.encodeProposer(two.append).length, 72 + two.append.data.length);
  });

  it("replication messages are the chapter's bytes (SK-2)", () => {
    check(replicationVectors, encodeReplication, decodeReplication, ({ kind }) => kind === "wal");
    assert.throws(() => decodeReplication(Buffer.from("77".padEnd(48, "0"), "hex")), ProtocolError);
    assert.throws(() => decodeReplication(Buffer.from("78")), ProtocolError);
  });

  it("feedback goes with an AppendResponse of either version, unknown keys included", () => {
    const feedback = [{ key: "shard_number", value: Buffer.from("00000002", "hex") }];
    const hex = "0173686172645f6e756d626572000000000400000002";
    check([[feedback, hex]], encodeFeedback, (bytes) => decodeFeedback(bytes));
    for (const [codec, { appendResponse }] of [
      [codecV3, three],
      [codecV2, two],
    ] as const) {
      const message = { ...appendResponse, feedback: [...feedback, { key: "what", value: Buffer.alloc(0) }] };
      assert.deepEqual(codec.decodeAcceptor(codec.encodeAcceptor(message)), message);
    }
    assert.throws(() => encodeFeedback(Array.from({ length: 256 }, () => ({ key: "", value: Buffer.alloc(0) }))));
  });

  it("a count that the message cannot hold is refused before it costs memory", () => {
    const bytes = codecV3.encodeAcceptor({ ...three.voteResponse, history: [] });
    bytes.writeUInt32BE(0xffff_ffff, bytes.length - 4);
    assert.throws(() => codecV3.decodeAcceptor(bytes), /4294967295 items/);
    const value = Buffer.from("01610000ffffffff", "hex");
    assert.throws(() => decodeFeedback(value), ProtocolError);
  });

  it("an AppendRequest holds just as much WAL as it says, and not too much (SK-65)", () => {
    const bytes = codecV3.encodeProposer(three.append);
    assert.throws(() => codecV3.decodeProposer(bytes.subarray(0, -1)), /more or less WAL/);
    assert.throws(() => codecV3.decodeProposer(Buffer.concat([bytes, bytes])), /more or less WAL/);
    const backwards = Buffer.from(bytes);
    backwards.writeBigUInt64BE(start + 8n, 13);
    assert.throws(() => codecV3.decodeProposer(backwards), /impossible end/);
    const long = { ...three.append, data: Buffer.alloc(walPayloadBytesMax + 1) };
    assert.throws(() => codecV3.decodeProposer(codecV3.encodeProposer(long)), /impossible end/);
  });

  it("a greeting of version 2 has to say so, and to be of Postgres timeline 1", () => {
    const bytes = codecV2.encodeProposer(two.greeting);
    for (const at of [8, 72]) {
      const other = Buffer.from(bytes);
      other.writeUInt32LE(3, at);
      assert.throws(() => codecV2.decodeProposer(other), ProtocolError);
    }
    assert.throws(() => codecV3.decodeProposer(Buffer.from("67616200", "hex")), /an id that is none/);
  });
});

const uint64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const terms = fc.array(fc.record({ term: uint64, lsn: uint64 }, { noNullPrototype: true }), { maxLength: 5 });

describe("walproposer messages, whatever they are", () => {
  it("come back as they were", () => {
    const append = fc.record(
      {
        kind: fc.constant("append-request" as const),
        generation: fc.constant(0),
        term: uint64,
        beginLsn: fc.bigInt({ min: 0n, max: 1n << 62n }),
        commitLsn: uint64,
        truncateLsn: uint64,
        data: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
      },
      { noNullPrototype: true },
    );
    const vote = fc.record(
      {
        kind: fc.constant("vote-response" as const),
        generation: fc.constant(0),
        term: uint64,
        given: fc.boolean(),
        flushLsn: uint64,
        truncateLsn: uint64,
        history: terms,
      },
      { noNullPrototype: true },
    );
    for (const codec of [codecV2, codecV3]) {
      fc.assert(
        fc.property(append, vote, (request, response) => {
          assert.deepEqual(codec.decodeProposer(codec.encodeProposer(request)), request);
          assert.deepEqual(codec.decodeAcceptor(codec.encodeAcceptor(response)), response);
        }),
        { numRuns: 200 },
      );
    }
  });

  it("are refused with a ProtocolError and nothing else when they are none", () => {
    const decoders = [codecV2, codecV3].flatMap((codec: MessageCodec) => [codec.decodeProposer, codec.decodeAcceptor]);
    const vectors = [vectorsV2, vectorsV3, acceptorVectorsV2, acceptorVectorsV3, replicationVectors].flat();
    const mutated = fc
      .tuple(fc.constantFrom(...vectors), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), fc.nat(200))
      .map(([[, hex], changes, length]) => {
        const bytes = Buffer.from(hex, "hex");
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes.subarray(0, length);
      });
    const noise = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(mutated, noise), (bytes) => {
        for (const decode of [...decoders, decodeReplication, decodeFeedback]) {
          try {
            decode(bytes);
          } catch (error) {
            assert.ok(error instanceof ProtocolError, String(error));
          }
        }
      }),
      { numRuns: 3000 },
    );
  });
});
