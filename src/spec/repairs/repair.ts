import type { JsonValue } from "../../base/json.ts";
import { type Correction, mendAt } from "./document.ts";
import { type Repair, repairTable } from "./table.ts";

/** What a document is: a config, a spec without its wrapper, or what a control plane answers. */
export type DocumentKind = "config" | "bare-spec" | "control-plane";

/** A document after its repairs, and one warning for each kind of oddity that was found. */
export interface Repaired {
  readonly document: JsonValue;
  readonly warnings: readonly string[];
}

/**
 * Makes the repairs of one sort (FIELD-1): of what the original reads but cannot work with, or of what it refuses. A document
 * in which nothing is odd comes back as it is.
 */
export function repairDocument(document: JsonValue, kind: DocumentKind, original: Repair["original"]): Repaired {
  const warnings: string[] = [];
  let current = document;
  for (const repair of repairTable) {
    if (repair.original !== original || (repair.input === "control-plane" && kind !== "control-plane")) continue;
    const corrections: Correction[] = [];
    for (const place of repair.places.flatMap((each) => placeIn(each, kind))) {
      const mended = mendAt(current, place, repair.mend);
      current = mended.document;
      corrections.push(...mended.corrections);
    }
    warnings.push(...warningOf(corrections));
  }
  return { document: current, warnings };
}

/** A spec without its wrapper has no `spec.` before its paths, and nothing beside it. */
function placeIn(place: string, kind: DocumentKind): readonly string[] {
  if (kind !== "bare-spec") return [place];
  if (place === "spec") return [""];
  return place.startsWith("spec.") ? [place.slice("spec.".length)] : [];
}

/** One line however often: a config may have thousands of roles that are odd in the same way. */
function warningOf([first, ...others]: readonly Correction[]): readonly string[] {
  if (first === undefined) return [];
  const where = first.path.replace(/^\./, "");
  const more = others.length === 0 ? "" : `; so ${others.length} more`;
  return [`${where === "" ? "" : `${where}: `}${first.found} (${first.right})${more}`];
}
