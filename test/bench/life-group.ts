import { measureLoad, measureReconfigure } from "./life-runs.ts";
import type { BenchGroup } from "./measures.ts";

/** How a running compute answers. */
export const lifeGroup: BenchGroup = {
  name: "life",
  about: "answers under load, and reconfigurations",
  floorTitles: {},
  rows: [
    { title: "`/status`, `/metrics.json` while 2,000 roles are applied, p50", measure: "loadP50Ms" },
    { title: "the same, p99", measure: "loadP99Ms" },
    { title: "– longest gap in the event loop meanwhile", measure: "loadLoopGapMs" },
    { title: "`/configure` of a running compute, nothing changed", measure: "reconfigureSameMs" },
    { title: "the same, one setting changed", measure: "reconfigureSettingMs" },
  ],
  async measureRound(world) {
    const load = await measureLoad(world);
    const reconfigure = await measureReconfigure(world);
    return { ...load, ...reconfigure };
  },
};
