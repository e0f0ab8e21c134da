import { oneOf, string } from "../../base/decode-scalars.ts";
import { list, object, required } from "../../base/decode-structures.ts";
import { privileges, type SchemaGrant } from "../../catalog/schema-grant.ts";
import { failedStep, json } from "../answer.ts";
import { jsonInput } from "../input.ts";
import { limits } from "../limits.ts";
import type { Route } from "../route.ts";

/** HTTP-71, CAT-5: makes sure that a role has privileges on a schema. Without any privilege there is nothing to do. */
export const grants: Route<SchemaGrant> = {
  server: "internal",
  method: "POST",
  path: "/grants",
  auth: "open",
  allowedIn: ["running"],
  input: jsonInput(
    limits.bodyBytesMax,
    object({
      database: required("database", string),
      schema: required("schema", string),
      privileges: required("privileges", list(oneOf(...privileges))),
      role: required("role", string),
    }),
  ),
  responses: [201, 500],
  async handle({ catalog }, grant, { signal }) {
    const { database, schema, privileges: wanted, role } = grant;
    try {
      if (wanted.length > 0) await catalog.grantOnSchema(grant, signal);
    } catch (error) {
      return failedStep("failed to grant role privileges to the schema", error);
    }
    return json(201, { database, schema, privileges: wanted, role });
  },
};
