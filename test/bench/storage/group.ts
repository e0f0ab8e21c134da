import type { BenchGroup } from "../measures.ts";
import { measureSync } from "./sync-runs.ts";

/** What passes between a compute and its storage, on healthy local servers. */
export const storageGroup: BenchGroup = {
  name: "storage",
  about: "the quorum check and the sync of three safekeepers",
  floorTitles: {},
  rows: [
    { title: "quorum check of three healthy safekeepers, the first of a process", measure: "firstCheckMs" },
    { title: "– and their native sync: a term and a vote of each on disk", measure: "firstSyncMs" },
    { title: "– both", measure: "firstCheckAndSyncMs" },
    { title: "both, once the code is warm", measure: "checkAndSyncMs" },
  ],
  measureRound: measureSync,
};
