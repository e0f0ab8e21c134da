import type { Lsn } from "../../base/lsn.ts";
import { ProtocolError } from "../wire/protocol-error.ts";
import { asUnsigned, bigEndian, FieldCursor } from "./fields.ts";

/** What a safekeeper sends in a COPY BOTH of START_REPLICATION (SK-2). Times are microseconds since 2000. */
export type ReplicationMessage =
  /** WAL from `startLsn` on; `endLsn` is how far more is there. `data` may share memory. */
  | {
      readonly kind: "wal";
      readonly startLsn: Lsn;
      readonly endLsn: Lsn;
      readonly time: bigint;
      readonly data: Buffer;
    }
  | { readonly kind: "keepalive"; readonly endLsn: Lsn; readonly time: bigint };

export function encodeReplication(message: ReplicationMessage): Buffer {
  const { uint64 } = bigEndian;
  const time = uint64(asUnsigned(message.time));
  if (message.kind === "keepalive") {
    return Buffer.concat([Buffer.from("k"), uint64(message.endLsn), time, Buffer.from([1])]);
  }
  return Buffer.concat([Buffer.from("w"), uint64(message.startLsn), uint64(message.endLsn), time, message.data]);
}

/** @throws ProtocolError for anything that is none of the two */
export function decodeReplication(bytes: Buffer): ReplicationMessage {
  const cursor = new FieldCursor(bytes, "replication", "big");
  const tag = cursor.char();
  if (tag === "w") {
    const [startLsn, endLsn, time] = [cursor.uint64(), cursor.uint64(), cursor.int64()];
    return { kind: "wal", startLsn, endLsn, time, data: cursor.rest() };
  }
  if (tag !== "k") throw new ProtocolError(`unknown replication message ${JSON.stringify(tag)}`);
  const [endLsn, time] = [cursor.uint64(), cursor.int64()];
  cursor.uint8();
  cursor.end();
  return { kind: "keepalive", endLsn, time };
}
