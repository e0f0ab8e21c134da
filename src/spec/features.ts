import type { ComputeSpec } from "./types.ts";

const knownFeatures = ["activity_monitor_experimental", "tls_experimental"] as const;

/** Whether the spec switches on a feature (SPEC-60). */
export function hasFeature(spec: ComputeSpec, feature: (typeof knownFeatures)[number]): boolean {
  return spec.features.includes(feature);
}

/** The features that the spec switches on, each once. */
export function knownFeaturesOf(spec: ComputeSpec): readonly string[] {
  return knownFeatures.filter((name) => hasFeature(spec, name));
}

/** The features that the spec names and this program does not know, each once. They are ignored. */
export function unknownFeatures(spec: ComputeSpec): readonly string[] {
  const known: ReadonlySet<string> = new Set(knownFeatures);
  return [...new Set(spec.features.filter((name) => !known.has(name)))];
}
