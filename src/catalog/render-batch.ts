import { ident, literal } from "../base/quoting.ts";
import { renderStep } from "./render.ts";
import type { Step } from "./step.ts";

/** How new passwords come into the catalog: by CREATE and ALTER ROLE, or written to `pg_authid` directly. */
export type PasswordWriting = "statement" | "catalog";

/**
 * The SQL of several steps as one query, hence one transaction. New roles become members of the privileged role at its end:
 * newer servers lock that role until the transaction ends, so that sessions side by side would wait for each other.
 */
export function renderBatch(steps: readonly Step[], passwords: PasswordWriting): string {
  const grants = new Map<string, string[]>();
  const verifiers: string[] = [];
  const statements = steps.map((step) => {
    if (step.kind !== "create-role" && step.kind !== "alter-role") return renderStep(step);
    const { role } = step;
    if (step.kind === "create-role" && role.privileged) {
      grants.set(step.memberOf, [...(grants.get(step.memberOf) ?? []), ident(role.name)]);
    }
    const direct = passwords === "catalog" && role.verifier !== null;
    if (direct) verifiers.push(`(${literal(role.name)}, ${literal(role.verifier)})`);
    return renderStep(step, { membership: "later", password: direct ? "later" : "now" });
  });
  const memberships = [...grants].map(([role, members]) => `GRANT ${ident(role)} TO ${members.join(", ")}`);
  return [...statements, ...memberships, ...(verifiers.length === 0 ? [] : [writeVerifiers(verifiers)])].join(";\n");
}

function writeVerifiers(rows: readonly string[]): string {
  return `UPDATE pg_catalog.pg_authid AS r SET rolpassword = v.verifier
FROM (VALUES ${rows.join(",\n")}) AS v (name, verifier)
WHERE r.rolname OPERATOR(pg_catalog.=) v.name::pg_catalog.name`;
}
