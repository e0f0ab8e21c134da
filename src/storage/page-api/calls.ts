import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Lsn } from "../../base/lsn.ts";
import { ProtocolError } from "../wire/protocol-error.ts";
import {
  BaseBackupCompression,
  GetBaseBackupRequestSchema,
  GetBaseBackupResponseChunkSchema,
  LeaseLsnRequestSchema,
  LeaseLsnResponseSchema,
} from "./page-api_pb.js";

/*
 * The two calls of the pageserver's gRPC service that a compute makes, as bytes (BASE-62).
 */

export const basebackupMethod = "/page_api.PageService/GetBaseBackup";
export const leaseMethod = "/page_api.PageService/LeaseLsn";

/** The request for a base backup (BASE-63). An LSN of zero, the newest, is left out by the encoding. */
export function encodeBasebackupRequest(request: {
  readonly lsn: Lsn;
  readonly replica: boolean;
  readonly compression: "gzip" | "none";
}): Uint8Array {
  const { GZIP, NONE } = BaseBackupCompression;
  const { lsn, replica } = request;
  const compression = request.compression === "gzip" ? GZIP : NONE;
  return toBinary(GetBaseBackupRequestSchema, create(GetBaseBackupRequestSchema, { lsn, replica, compression }));
}

/** The piece of the archive in a chunk; it shares memory with the message. @throws ProtocolError when it is none */
export function decodeBasebackupChunk(message: Uint8Array): Uint8Array {
  return decoded("chunk of a base backup", () => fromBinary(GetBaseBackupResponseChunkSchema, message).chunk);
}

export function encodeLeaseRequest(lsn: Lsn): Uint8Array {
  return toBinary(LeaseLsnRequestSchema, create(LeaseLsnRequestSchema, { lsn }));
}

/** When the lease ends, in milliseconds since 1970 (LSN-4). @throws ProtocolError when that is not told */
export function decodeLeaseResponse(message: Uint8Array): number {
  const { expires } = decoded("answer about a lease", () => fromBinary(LeaseLsnResponseSchema, message));
  if (expires === undefined) throw new ProtocolError("the answer about a lease has no time of expiry");
  return timestampMs(expires);
}

function decoded<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw new ProtocolError(`not a ${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
