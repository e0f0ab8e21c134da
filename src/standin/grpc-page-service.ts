import type { IncomingHttpHeaders } from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { parseTenantId, parseTimelineId } from "../base/ids.ts";
import { formatLsn } from "../base/lsn.ts";
import { basebackupMethod, leaseMethod } from "../storage/page-api/calls.ts";
import {
  BaseBackupCompression,
  GetBaseBackupRequestSchema,
  GetBaseBackupResponseChunkSchema,
  LeaseLsnRequestSchema,
  LeaseLsnResponseSchema,
} from "../storage/page-api/page-api_pb.js";
import { CommandFailure } from "./command-failure.ts";
import type { GrpcMethod } from "./grpc-server.ts";
import type { PageService, Subject } from "./page-service.ts";

/** A call as it arrived, told as the command that it would have been over libpq. */
interface SeenCall {
  readonly text: string;
  readonly startupParams: ReadonlyMap<string, string>;
}

/** BASE-63. */
const chunkBytes = 256 * 1024;

/** The methods of the page API that this stand-in has (BASE-62), in front of `pages`. */
export function pageServiceMethods(
  pages: PageService,
  onCall: (call: SeenCall) => void,
): Readonly<Record<string, GrpcMethod>> {
  return {
    async *[basebackupMethod](caller, headers, message) {
      const subject = readMetadata(headers);
      const request = fromBinary(GetBaseBackupRequestSchema, message);
      const gzip = request.compression === BaseBackupCompression.GZIP;
      const position = request.lsn === 0n ? [] : [formatLsn(request.lsn)];
      const flags = [...(gzip ? ["--gzip"] : []), ...(request.replica ? ["--replica"] : [])];
      const words = ["basebackup", subject.tenantId, subject.timelineId, ...position, ...flags];
      onCall({ text: words.join(" "), startupParams: paramsOf(headers) });
      if (!subject.shard.startsWith("00")) throw invalid("base backups come from shard zero only");
      if (request.compression === BaseBackupCompression.UNKNOWN) throw invalid("unknown compression");
      const lsn = request.lsn === 0n ? null : request.lsn;
      for await (const chunk of pages.basebackup(caller, subject, { lsn, gzip, chunkBytes })) {
        if (chunk.length === 0) continue;
        yield toBinary(GetBaseBackupResponseChunkSchema, create(GetBaseBackupResponseChunkSchema, { chunk }));
      }
    },
    async *[leaseMethod](caller, headers, message) {
      const subject = readMetadata(headers);
      const { lsn } = fromBinary(LeaseLsnRequestSchema, message);
      const tenantShard = subject.shard === "0000" ? subject.tenantId : `${subject.tenantId}-${subject.shard}`;
      const text = `lease lsn ${tenantShard} ${subject.timelineId} ${formatLsn(lsn)}`;
      onCall({ text, startupParams: paramsOf(headers) });
      if (lsn === 0n) throw invalid("lsn must be set");
      const lease = pages.lease(caller, subject, lsn);
      if (lease === undefined) {
        const refused = "tried to request a lsn lease for an lsn below the latest gc cutoff";
        throw new CommandFailure("other", refused, { grpc: { code: "FAILED_PRECONDITION", message: refused } });
      }
      const expires = timestampFromMs(lease.expiresMs);
      yield toBinary(LeaseLsnResponseSchema, create(LeaseLsnResponseSchema, { expires }));
    },
  };
}

/** BASE-61, BASE-64. */
function readMetadata(headers: IncomingHttpHeaders): Subject {
  const text = (name: string): string => {
    const value = headers[name];
    if (typeof value !== "string") throw invalid(`missing ${name}`);
    return value;
  };
  const tenantId = parseTenantId(text("neon-tenant-id"));
  if (tenantId === undefined) throw invalid("invalid neon-tenant-id");
  const timelineId = parseTimelineId(text("neon-timeline-id"));
  if (timelineId === undefined) throw invalid("invalid neon-timeline-id");
  const shard = text("neon-shard-id");
  if (!/^[0-9a-f]{4}$/.test(shard)) throw invalid("invalid neon-shard-id");
  return { tenantId, timelineId, shard };
}

function paramsOf(headers: IncomingHttpHeaders): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  );
}

function invalid(message: string): CommandFailure {
  return new CommandFailure("other", message, { grpc: { code: "INVALID_ARGUMENT", message } });
}
