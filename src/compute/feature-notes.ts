import type { Log } from "../base/log.ts";
import { knownFeaturesOf, unknownFeatures } from "../spec/features.ts";
import type { ComputeSpec } from "../spec/types.ts";

/** Tells which features a spec switches on: at the start, and when a later spec changes them. An unknown one is told once (SPEC-60). */
export function createFeatureNotes(log: Log): (spec: ComputeSpec) => void {
  const told = new Set<string>();
  let before = "";
  return (spec) => {
    const on = knownFeaturesOf(spec).join(", ");
    if (on !== before) log.info(on === "" ? "no features are switched on any more" : `features switched on: ${on}`);
    before = on;
    const fresh = unknownFeatures(spec).filter((name) => !told.has(name));
    for (const name of fresh) told.add(name);
    if (fresh.length > 0) log.warn(`unknown features are ignored: ${fresh.join(", ")}`);
  };
}
