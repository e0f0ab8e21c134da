import type { ComputeSpec } from "../spec/types.ts";

/** One line for each part of a spec that this release reads but does not act on, so that nothing is ignored in silence. */
export function unsupportedParts(spec: ComputeSpec): readonly string[] {
  const parts: readonly { readonly field: string; readonly present: boolean; readonly effect: string }[] = [
    { field: "autoprewarm", present: spec.autoprewarm, effect: "the file cache is not prewarmed" },
    {
      field: "offload_lfc_interval_seconds",
      present: spec.offloadLfcIntervalSeconds !== null,
      effect: "the file cache's state is not saved",
    },
  ];
  return parts
    .filter(({ present }) => present)
    .map(({ field, effect }) => `spec.${field} is not acted on in full in this release: ${effect}`);
}
