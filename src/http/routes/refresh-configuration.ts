import { empty, failure } from "../answer.ts";
import { noInput } from "../input.ts";
import type { Route } from "../route.ts";

/** HTTP-73: Postgres cannot read pages, so the spec may be stale; every such call is counted, whatever comes of it. */
export const refreshConfiguration: Route<undefined> = {
  server: "internal",
  method: "POST",
  path: "/refresh_configuration",
  auth: "open",
  input: noInput,
  responses: [200, 500],
  handle({ control, metrics }) {
    metrics.add("pg_cctl_pagestream_request_errors_total", {}, 1);
    const outcome = control.refresh();
    if (outcome.kind === "accepted") return empty(200);
    return failure(500, `Cannot refresh compute configuration in state ${camelCase(outcome.status)}`);
  },
};

function camelCase(status: string): string {
  return status.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
