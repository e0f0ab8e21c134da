import type { TenantId } from "../base/ids.ts";
import { shardIndex, shardIndexes } from "../spec/pageserver-info.ts";
import type { Pageserver, PageserverConnectionInfo, PageserverProtocol } from "../spec/types.ts";
import { ConnectionTargetError } from "./errors.ts";
import type { PageserverAddress } from "./page-service.ts";

/**
 * Every way to get a base backup, the best first (BASE-13): shard 0, its first pageserver by the protocol that is preferred, then
 * by the other one, then the shard's further pageservers likewise.
 * @throws ConnectionTargetError when there is none
 */
export function basebackupAddresses(info: PageserverConnectionInfo): readonly PageserverAddress[] {
  const shard = shardIndex(0, info.shardCount);
  const pageservers = pageserversOf(info, shard);
  const addresses = pageservers.flatMap((pageserver, place) => addressesOf(info, shard, pageserver, place));
  if (addresses.length > 0) return addresses;
  throw new ConnectionTargetError(`no ${info.preferProtocol}_url for shard ${shard}`);
}

/**
 * For every pageserver of every shard, the ways to reach it, the best first (LSN-2).
 * @throws ConnectionTargetError for a pageserver that cannot be reached in any way
 */
export function leaseAddresses(info: PageserverConnectionInfo): readonly (readonly PageserverAddress[])[] {
  return shardIndexes(info.shardCount).flatMap((shard) =>
    pageserversOf(info, shard).map((pageserver, place) => {
      const addresses = addressesOf(info, shard, pageserver, place);
      if (addresses.length > 0) return addresses;
      throw new ConnectionTargetError(`no ${info.preferProtocol}_url for shard ${shard}`);
    }),
  );
}

/** A tenant's shard as commands name it (BASE-1): unsharded, the tenant alone. */
export function tenantShardId(tenantId: TenantId, shard: string): string {
  return shard === shardIndex(0, 0) ? tenantId : `${tenantId}-${shard}`;
}

function pageserversOf(info: PageserverConnectionInfo, shard: string): readonly Pageserver[] {
  const found = info.shards.get(shard);
  if (found === undefined) throw new ConnectionTargetError(`shard connection info missing for shard ${shard}`);
  if (found.pageservers.length === 0) throw new ConnectionTargetError("must have at least one pageserver");
  return found.pageservers;
}

function addressesOf(
  { preferProtocol }: PageserverConnectionInfo,
  shard: string,
  { id, libpqUrl, grpcUrl }: Pageserver,
  place: number,
): readonly PageserverAddress[] {
  const urls = { libpq: libpqUrl, grpc: grpcUrl };
  const other = preferProtocol === "libpq" ? "grpc" : "libpq";
  const protocols: readonly PageserverProtocol[] = [preferProtocol, other];
  const who = id === null ? `pageserver ${place + 1}` : `pageserver ${id}`;
  return protocols.flatMap((protocol) => {
    const url = urls[protocol];
    return url === null ? [] : [{ protocol, url, shard, name: `${who} of shard ${shard} over ${protocol}` }];
  });
}
