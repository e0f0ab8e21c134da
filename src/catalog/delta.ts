import type { DeltaOperation, Problem } from "../spec/types.ts";
import { nameProblems } from "./name-problem.ts";

/** An explicit removal or rename that the spec lists. */
export type Delta =
  | { readonly kind: "delete-database" | "delete-role"; readonly name: string }
  | { readonly kind: "rename-database" | "rename-role"; readonly name: string; readonly newName: string };

/**
 * The delta operations that this program knows, in spec order; others are ignored (SPEC-31). A rename without a usable new
 * name is a problem (T2).
 */
export function recogniseDeltas(
  operations: readonly DeltaOperation[],
  path: string,
): { readonly deltas: readonly Delta[]; readonly problems: readonly Problem[] } {
  const deltas: Delta[] = [];
  const problems: Problem[] = [];
  for (const [index, { action, name, newName }] of operations.entries()) {
    if (action === "delete_db") deltas.push({ kind: "delete-database", name });
    if (action === "delete_role") deltas.push({ kind: "delete-role", name });
    if (action !== "rename_db" && action !== "rename_role") continue;
    const at = `${path}[${index}].new_name`;
    if (newName === null) {
      problems.push({ path: at, message: `${action} of "${name}" has no new_name` });
      continue;
    }
    problems.push(...nameProblems(action === "rename_db" ? "database" : "role", newName, at));
    deltas.push({ kind: action === "rename_db" ? "rename-database" : "rename-role", name, newName });
  }
  return { deltas, problems };
}
