import { formatLsn, type Lsn } from "../../base/lsn.ts";
import type { Pageserver } from "../../spec/types.ts";
import { type HostPort, parseConnectionTarget } from "../../storage/connection-target.ts";
import type { StorageSection } from "./page-state.ts";
import { sayIf } from "./say.ts";
import type { PageViews } from "./views.ts";

/** Where data comes from and goes to; null before there is a spec. Addresses are hosts and ports, without credentials. */
export function storageSection({ overview, startup, lease }: PageViews): StorageSection | null {
  const { spec, startLsn, endLsn } = overview;
  if (spec === null) return null;
  const shards = [...spec.pageservers.shards].map(([shard, { pageservers }]) => ({
    shard,
    pageservers: pageservers.map(addressOf),
  }));
  return {
    startLsn: startLsn === null ? null : lsnText(startLsn),
    endLsn: endLsn === null ? null : formatLsn(endLsn),
    shards,
    protocol: spec.pageservers.preferProtocol,
    safekeepers: spec.spec.mode.kind === "primary" ? spec.safekeepers.hostPorts : [],
    generation: spec.safekeepers.generation,
    basebackup:
      startup.basebackup_bytes === 0
        ? null
        : {
            bytes: startup.basebackup_bytes,
            ms: startup.basebackup_ms,
            connectMs: startup.pageserver_connect_micros / 1000,
          },
    syncMs: startup.sync_safekeepers_ms === 0 ? null : startup.sync_safekeepers_ms,
    lease: lease && {
      lsn: formatLsn(lease.lsn),
      state: lease.state,
      expiresMs: lease.expires?.getTime() ?? null,
      error: sayIf(lease.error),
    },
  };
}

function lsnText(lsn: Lsn): string {
  return lsn === 0n ? "newest" : formatLsn(lsn);
}

function addressOf({ libpqUrl, grpcUrl }: Pageserver): string {
  const url = libpqUrl ?? grpcUrl;
  if (url === null) return "no address";
  try {
    return parseConnectionTarget(url.replace(/^grpcs?:/, "postgresql:"), "")
      .hosts.map(hostText)
      .join(", ");
  } catch {
    // What is wrong with it, the start has told; the text itself may hold a password.
    return "an address that cannot be read";
  }
}

function hostText({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
