import { json } from "../answer.ts";
import { noInput } from "../input.ts";
import type { Route } from "../route.ts";

/** FIELD-2: the process answers. */
export const healthz: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/healthz",
  auth: "open",
  isScrape: true,
  input: noInput,
  responses: [200],
  handle: () => json(200, { status: "ok" }),
};

/** FIELD-2: the compute is running and its roles are in place; otherwise 503. Both name the status. */
export const readyz: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/readyz",
  auth: "open",
  isScrape: true,
  input: noInput,
  responses: [200, 503],
  handle({ control }) {
    const { status } = control.status();
    return json(status === "running" ? 200 : 503, { status });
  },
};
