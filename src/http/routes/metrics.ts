import type { Route } from "../route.ts";
import { noInput } from "../route.ts";

/** HTTP-35, MET-1: Prometheus's text; from memory, without token, in every status. */
export const metrics: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/metrics",
  auth: "open",
  input: noInput,
  handle: ({ metricsText }) => ({
    status: 200,
    content: { type: "text/plain; version=0.0.4", text: metricsText() },
  }),
};
