import type { Family } from "./family.ts";

/** What a compute tells of its dealings with the storage (MET-20), in the order of `/metrics`. */
export const storageFamilies = [
  {
    name: "compute_ctl_lsn_lease_expires_timestamp_seconds",
    type: "gauge",
    labels: [],
    absentUntilKnown: true,
    help: "When the LSN lease of a static compute ends that ends first, in seconds since 1970; absent before the first one",
  },
  {
    name: "compute_ctl_lsn_lease_rounds_total",
    type: "counter",
    labels: ["outcome"],
    help: "Rounds in which all shards were asked for LSN leases",
  },
] as const satisfies readonly Family[];
