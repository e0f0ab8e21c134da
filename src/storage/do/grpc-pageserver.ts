import { GrpcStatusError } from "../errors.ts";
import { parseGrpcTarget } from "../grpc/target.ts";
import {
  basebackupMethod,
  decodeBasebackupChunk,
  decodeLeaseResponse,
  encodeBasebackupRequest,
  encodeLeaseRequest,
  leaseMethod,
} from "../page-api/calls.ts";
import { callMetadata } from "../page-api/metadata.ts";
import type { PageserverAddress, PageserverConnection } from "../page-service.ts";
import { openGrpc } from "./grpc-connection.ts";
import type { PageserverLogin } from "./pageserver-connection.ts";

/** Connects to a pageserver's gRPC service (chapter 06 §6). */
export async function openGrpcPageserver(
  { url, shard }: PageserverAddress,
  login: PageserverLogin,
  signal: AbortSignal,
): Promise<PageserverConnection> {
  const { branch, token, caFile, connectMsMax } = login;
  const metadata = callMetadata(branch, shard, token);
  const connection = await openGrpc(parseGrpcTarget(url), { connectMsMax, caFile }, signal);
  return {
    async *basebackup({ lsn, mode, compression }, limits) {
      const request = encodeBasebackupRequest({ lsn, replica: mode.kind !== "primary", compression });
      for await (const message of connection.call(basebackupMethod, metadata, request, limits)) {
        yield decodeBasebackupChunk(message);
      }
    },
    async lease(lsn, limitMs) {
      try {
        const answer = await connection.callOnce(leaseMethod, metadata, encodeLeaseRequest(lsn), limitMs);
        return { kind: "granted", expiresMs: decodeLeaseResponse(answer) };
      } catch (error) {
        // LSN-4.
        if (error instanceof GrpcStatusError && error.code === "FAILED_PRECONDITION") return { kind: "refused" };
        throw error;
      }
    },
    close: () => connection.close(),
  };
}
