import { noInput } from "../input.ts";
import type { Route } from "../route.ts";

/** HTTP-35, MET-1: Prometheus's text; from memory, without token, in every status. */
export const metrics: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/metrics",
  auth: "open",
  isScrape: true,
  input: noInput,
  responses: [200],
  handle: (services) => ({
    status: 200,
    content: { type: "text/plain; version=0.0.4", text: services.metrics.text() },
  }),
};
