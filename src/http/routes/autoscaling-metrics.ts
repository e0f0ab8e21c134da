import { noInput } from "../input.ts";
import type { Route } from "../route.ts";

/** HTTP-36, MET-19: what Postgres's communicator says about its cache, relayed; our own figures where there is none. */
export const autoscalingMetrics: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/autoscaling_metrics",
  auth: "open",
  isScrape: true,
  input: noInput,
  responses: [200, 500, "default"],
  async handle({ pgdata, ownAutoscalingText }) {
    const { relayAutoscalingMetrics } = await import("../do/relay-autoscaling.ts");
    return relayAutoscalingMetrics(pgdata, ownAutoscalingText);
  },
};
