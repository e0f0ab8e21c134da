import type { DeltaOperation, Problem } from "../spec/types.ts";

/** An explicit removal or rename that the spec lists. */
export type Delta =
  | { readonly kind: "delete-database" | "delete-role"; readonly name: string }
  | { readonly kind: "rename-database" | "rename-role"; readonly name: string; readonly newName: string };

/**
 * The delta operations that this program knows, in spec order; others are ignored (SPEC-31). A rename without a new name is
 * a problem (T2).
 */
export function recogniseDeltas(
  operations: readonly DeltaOperation[],
  path: string,
): { readonly deltas: readonly Delta[]; readonly problems: readonly Problem[] } {
  const deltas: Delta[] = [];
  const problems: Problem[] = [];
  for (const [index, { action, name, newName }] of operations.entries()) {
    if (action === "delete_db") deltas.push({ kind: "delete-database", name });
    else if (action === "delete_role") deltas.push({ kind: "delete-role", name });
    else if (action !== "rename_db" && action !== "rename_role") continue;
    else if (newName === null) {
      problems.push({ path: `${path}[${index}].new_name`, message: `${action} of "${name}" has no new_name` });
    } else deltas.push({ kind: action === "rename_db" ? "rename-database" : "rename-role", name, newName });
  }
  return { deltas, problems };
}
