import { json } from "../answer.ts";
import { noInput } from "../input.ts";
import type { Route } from "../route.ts";

/** HTTP-67, CAT-3: proves that a row can be written. */
export const checkWritability: Route<undefined> = {
  server: "external",
  method: "POST",
  path: "/check_writability",
  auth: "jwt",
  allowedIn: ["running"],
  input: noInput,
  responses: [200, 500],
  async handle({ catalog }, _input, { signal }) {
    await catalog.checkWritability(signal);
    return json(200, true);
  },
};
