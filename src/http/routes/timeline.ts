import { json } from "../answer.ts";
import { noInput } from "../input.ts";
import type { Route } from "../route.ts";
import { formatTimestamp } from "../timestamp.ts";

/** HTTP-79: the waterfall of the start and the newest changes of status. */
export const timeline: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/timeline",
  auth: "jwt",
  input: noInput,
  responses: [200],
  handle({ control }) {
    const { phases, changes } = control.timeline();
    return json(200, {
      phases: phases.map(({ name, startMs, endMs }) => ({ name, start_ms: startMs, end_ms: endMs })),
      changes: changes.map(({ status, at }) => ({ status, at: formatTimestamp(at) })),
    });
  },
};
