import { startupMetricNames } from "../../compute/startup-metrics.ts";
import { json } from "../answer.ts";
import { noInput } from "../input.ts";
import type { Route } from "../route.ts";

/** HTTP-34, MET-9: the figures of the start, as whole numbers in their documented order. */
export const metricsJson: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/metrics.json",
  auth: "jwt",
  input: noInput,
  responses: [200],
  handle({ control }) {
    const figures = control.startupMetrics();
    return json(200, Object.fromEntries(startupMetricNames.map((name) => [name, Math.round(figures[name])])));
  },
};
