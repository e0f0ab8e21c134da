import { json } from "../answer.ts";
import type { Route } from "../route.ts";
import { noInput } from "../route.ts";
import { statusBody } from "../status-body.ts";

/** HTTP-32: how the compute is; from memory, in every status. */
export const status: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/status",
  auth: "jwt",
  input: noInput,
  handle: ({ control }) => json(200, statusBody(control.status())),
};
