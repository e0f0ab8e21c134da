import type { SchemaDump } from "../../postgres/schema-dump.ts";
import { type Answer, failure } from "../answer.ts";
import type { Decoded, TargetValues } from "../input.ts";
import { accepted, badQuery, targetInput } from "../input.ts";
import type { Route } from "../route.ts";

const notDumped = "failed to execute pg_dump";

/** HTTP-66, CAT-2: the schema of one database as SQL; the input is its name. */
export const databaseSchema: Route<string> = {
  server: "external",
  method: "GET",
  path: "/database_schema",
  auth: "jwt",
  input: targetInput(["database"], decodeDatabase),
  responses: [200, 400, 404, 500],
  handle: async ({ catalog }, database, { signal }) => answerWith(await catalog.dumpSchema(database, signal)),
};

function answerWith(dump: SchemaDump): Answer {
  switch (dump.kind) {
    case "begun":
      // The type is kept for the clients that know it; the body is SQL.
      return { status: 200, content: { type: "application/json", stream: dump.sql } };
    case "no-such-database":
      return failure(404, "database does not exist");
    case "failed":
      return { ...failure(500, notDumped), complaint: `${notDumped}: ${dump.why}` };
  }
}

function decodeDatabase({ query }: TargetValues): Decoded<string> {
  const database = query.get("database");
  return database === undefined ? badQuery("missing field `database`") : accepted(database);
}
