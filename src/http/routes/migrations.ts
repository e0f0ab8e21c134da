import { json } from "../answer.ts";
import { noInput } from "../input.ts";
import type { Route } from "../route.ts";

/** HTTP-81: where the numbered migrations of the catalog are; from memory, in every status. */
export const migrations: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/migrations",
  auth: "jwt",
  input: noInput,
  responses: [200],
  handle({ control }) {
    const { stage, applied, total, failed } = control.migrations();
    return json(200, { state: stage, applied, total, failed: failed && { id: failed.id, error: failed.error } });
  },
};
