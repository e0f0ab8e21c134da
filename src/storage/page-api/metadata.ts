import type { Branch } from "../requests.ts";

/** What every call says of itself (BASE-61). @param shard the shard's index, as in `0204` */
export function callMetadata(
  { tenantId, timelineId }: Branch,
  shard: string,
  token: string | null,
): Readonly<Record<string, string>> {
  return {
    "neon-tenant-id": tenantId,
    "neon-timeline-id": timelineId,
    "neon-shard-id": shard,
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
}
