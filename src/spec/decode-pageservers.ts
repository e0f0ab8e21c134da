import { parsed, string, u8, u32, u64 } from "../base/decode-scalars.ts";
import { defaulted, list, map, optional, required, titled } from "../base/decode-structures.ts";
import { variants } from "../base/decode-variants.ts";
import type { Decoder } from "../base/decoder.ts";
import type { Pageserver, PageserverConnectionInfo, PageserverProtocol } from "./types.ts";

/*
 * Where a tenant's pages are (chapter 02 §4.2).
 */

const pageserver: Decoder<Pageserver> = titled("Pageserver", {
  id: optional("id", u64),
  libpqUrl: optional("libpq_url", string),
  grpcUrl: optional("grpc_url", string),
});

const shardIndex: Decoder<string> = parsed(
  { expected: "a shard index", pattern: "^[0-9a-fA-F]{4}$" },
  (text) => (/^[0-9a-f]{4}$/i.test(text) ? text.toLowerCase() : undefined),
  (text) => `invalid shard index \`${text}\`, expected 4 hex digits: two of the shard's number, two of the shard count`,
);

export const pageserverConnectionInfo: Decoder<PageserverConnectionInfo> = titled("PageserverConnectionInfo", {
  shardCount: required("shard_count", u8),
  stripeSize: optional("stripe_size", u32),
  shards: required(
    "shards",
    map(shardIndex, titled("Shard", { pageservers: required("pageservers", list(pageserver)) })),
  ),
  preferProtocol: defaulted(
    "prefer_protocol",
    variants<PageserverProtocol>({ libpq: { unit: "libpq" }, grpc: { unit: "grpc" } }),
    "libpq",
  ),
});
