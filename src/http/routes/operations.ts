import { failure, json } from "../answer.ts";
import { noInput, readPathName, targetInput } from "../input.ts";
import { operationBody } from "../operation-body.ts";
import type { Route } from "../route.ts";

/** HTTP-77: what the compute was asked for and what became of it, the oldest first. */
export const operations: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/operations",
  auth: "jwt",
  input: noInput,
  responses: [200],
  handle: ({ control }) => json(200, { operations: control.operations().map(operationBody) }),
};

/** HTTP-77: one of them. */
export const operation: Route<string> = {
  server: "external",
  method: "GET",
  path: "/operations/{id}",
  auth: "jwt",
  input: targetInput([], (target) => readPathName("id", target)),
  responses: [200, 400, 404],
  handle({ control }, id) {
    const found = control.operations().find((each) => each.id === id);
    return found === undefined ? failure(404, "no such operation is on record") : json(200, operationBody(found));
  },
};
