import { json, notAvailable, wrongStatus } from "../answer.ts";
import { noInput } from "../input.ts";
import type { Route } from "../route.ts";

/** HTTP-64: the state of the last or running offload. */
export const offloadState: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/lfc/offload",
  auth: "jwt",
  input: noInput,
  responses: [200],
  handle: () => json(200, { status: "not_offloaded" }),
};

/** HTTP-64: saves the cache's state to the endpoint storage. */
export const startOffload: Route<undefined> = {
  server: "external",
  method: "POST",
  path: "/lfc/offload",
  auth: "jwt",
  input: noInput,
  responses: [202, 412, 429, 501],
  handle({ control }) {
    // T-1: without a spec there is no place to save it to.
    const { status } = control.status();
    return status === "empty" ? wrongStatus(status) : notAvailable("offloading the local file cache");
  },
};
