import { json } from "../answer.ts";
import type { Route } from "../route.ts";
import { metrics } from "./metrics.ts";
import { healthz, readyz } from "./probes.ts";
import { status } from "./status.ts";

/**
 * The routes of a program that has no config yet, and so neither a compute nor keys (FIELD-3). What they tell is no secret:
 * `/status` is open for that while, because there is nothing to check a token with.
 */
export const waitingRoutes: readonly Route[] = [
  healthz,
  {
    ...readyz,
    handle({ control }) {
      const { status, error } = control.status();
      return json(503, { status, waiting_for: error });
    },
  },
  { ...status, auth: "open" },
  metrics,
];
