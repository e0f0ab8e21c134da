import { type Derivation, deriveSpec } from "./derive.ts";
import type { Config, DerivedSpec, Refusal } from "./types.ts";

/** What a compute begins with: a spec, nothing yet, or a spec that cannot be used. */
export type FirstSpec =
  | { readonly ok: true; readonly value: DerivedSpec | null; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * Derives the spec of a compute's first config. One that says that the compute is empty, beside a spec that cannot be used,
 * is taken at its word (FIELD-8): the compute waits for a `/configure`.
 */
export function deriveFirstSpec({ spec, declaredEmpty }: Config): FirstSpec {
  if (spec === null) return { ok: true, value: null, warnings: [] };
  const derived: Derivation = deriveSpec(spec);
  if (derived.ok || !declaredEmpty) return derived;
  const why = derived.refusal.problems[0]?.message ?? "it cannot be used";
  const warning = `status: "empty" beside a spec that cannot be used (${why}): waiting for a spec (leave the spec out, or make it whole)`;
  return { ok: true, value: null, warnings: [warning] };
}
