import type { Pageserver, PageserverConnectionInfo } from "./types.ts";

/** The key of a shard: two hex digits of its number, two of the shard count (chapter 02 §2). */
export function shardIndex(number: number, count: number): string {
  return hexByte(number) + hexByte(count);
}

/** The keys of all shards of a tenant, in order; a `shardCount` of 0 means unsharded, with the one key `0000`. */
export function shardIndexes(shardCount: number): readonly string[] {
  return Array.from({ length: Math.max(shardCount, 1) }, (_, number) => shardIndex(number, shardCount));
}

/**
 * Reads a connection string with one piece per shard (SPEC-43).
 * @param stripeSize in pages of 8 KiB; needed when there are several pieces, dropped when there is one
 */
export function pageserversFromConnstring(
  connstring: string,
  stripeSize: number | null,
): { readonly ok: true; readonly value: PageserverConnectionInfo } | { readonly ok: false; readonly message: string } {
  const pieces = connstring.split(",");
  const isSharded = pieces.length > 1;
  if (isSharded && stripeSize === null) return { ok: false, message: `${pieces.length} shards but no stripe_size` };
  if (pieces.length > 255) return { ok: false, message: "out of range integral type conversion attempted" };
  const shardCount = isSharded ? pieces.length : 0;
  const shards = new Map(
    pieces.map((libpqUrl, number) => [
      shardIndex(number, shardCount),
      { pageservers: [{ id: null, libpqUrl, grpcUrl: null }] },
    ]),
  );
  const info = { shardCount, stripeSize: isSharded ? stripeSize : null, shards, preferProtocol: "libpq" } as const;
  return { ok: true, value: info };
}

/**
 * Writes the connection string for `neon.pageserver_connstring` (SPEC-44): the libpq URL of the first pageserver of each
 * shard. Null when one of them has none.
 */
export function pageserversToConnstring(info: PageserverConnectionInfo): string | null {
  const urls: string[] = [];
  for (const index of shardIndexes(info.shardCount)) {
    const url = info.shards.get(index)?.pageservers[0]?.libpqUrl ?? null;
    if (url === null) return null;
    urls.push(url);
  }
  return urls.join(",");
}

/** Whether two specs name the same pageservers (SPEC-47); the order of the shard map does not matter. */
export function sameStorage(left: PageserverConnectionInfo, right: PageserverConnectionInfo): boolean {
  return (
    left.shardCount === right.shardCount &&
    left.stripeSize === right.stripeSize &&
    left.preferProtocol === right.preferProtocol &&
    left.shards.size === right.shards.size &&
    [...left.shards].every(([index, { pageservers }]) =>
      samePageservers(pageservers, right.shards.get(index)?.pageservers),
    )
  );
}

function samePageservers(left: readonly Pageserver[], right: readonly Pageserver[] | undefined): boolean {
  return (
    left.length === right?.length &&
    left.every(({ id, libpqUrl, grpcUrl }, index) => {
      const other = right[index];
      return id === other?.id && libpqUrl === other.libpqUrl && grpcUrl === other.grpcUrl;
    })
  );
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}
