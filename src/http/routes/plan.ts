import { json, wrongStatus } from "../answer.ts";
import { noInput } from "../input.ts";
import type { Route } from "../route.ts";

/** HTTP-80: what another apply of the spec in force would change in the catalog, and why; as `compute_ctl plan --json`. */
export const plan: Route<undefined> = {
  server: "internal",
  method: "GET",
  path: "/plan",
  auth: "open",
  allowedIn: ["running"],
  input: noInput,
  responses: [200, 500],
  async handle({ control }, _input, { signal }) {
    const outcome = await control.plan(signal);
    return outcome.kind === "planned" ? json(200, outcome.plan) : wrongStatus(outcome.status);
  },
};
