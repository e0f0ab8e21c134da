import type { Route } from "../route.ts";
import { configure } from "./configure.ts";
import { metrics } from "./metrics.ts";
import { metricsJson } from "./metrics-json.ts";
import { status } from "./status.ts";
import { terminate } from "./terminate.ts";

/** Every route of both servers; a path that is not here is a 404. */
export const routes: readonly Route[] = [status, metrics, metricsJson, configure, terminate];
