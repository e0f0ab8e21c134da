import { json } from "../answer.ts";
import { noInput } from "../input.ts";
import type { Route } from "../route.ts";

/** HTTP-68, CAT-6: the slowest statements, as a JSON string that holds a JSON document. */
export const insights: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/insights",
  auth: "jwt",
  allowedIn: ["running"],
  input: noInput,
  responses: [200, 500],
  handle: async ({ catalog }, _input, { signal }) => json(200, await catalog.insights(signal)),
};
