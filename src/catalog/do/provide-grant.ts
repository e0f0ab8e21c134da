import type { OpenSession } from "../../base/sql.ts";
import { grantStatement, heldPrivilegesQuery, type SchemaGrant } from "../schema-grant.ts";
import { visitByStep } from "./query-session.ts";

/** Sees to it that a role has privileges on a schema; writes only what is missing (CAT-5). @throws VisitError, DeadlineError */
export async function provideGrant(openSession: OpenSession, grant: SchemaGrant, signal: AbortSignal): Promise<void> {
  const { database } = grant;
  await visitByStep(openSession, { purpose: "set_role_grants", database }, signal, async (session) => {
    const statement = grantStatement(grant, await session.run(heldPrivilegesQuery(grant)));
    if (statement !== undefined) await session.run(statement);
  });
}
