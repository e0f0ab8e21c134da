import type { Route } from "../route.ts";
import { autoscalingMetrics } from "./autoscaling-metrics.ts";
import { checkWritability } from "./check-writability.ts";
import { configure } from "./configure.ts";
import { databaseSchema } from "./database-schema.ts";
import { dbsAndRoles } from "./dbs-and-roles.ts";
import { extensionServer } from "./extension-server.ts";
import { extensions } from "./extensions.ts";
import { grants } from "./grants.ts";
import { hadronLivenessProbe } from "./hadron-liveness-probe.ts";
import { insights } from "./insights.ts";
import { offloadState, startOffload } from "./lfc-offload.ts";
import { cancelPrewarm, prewarmState, startPrewarm } from "./lfc-prewarm.ts";
import { logs } from "./logs.ts";
import { metrics } from "./metrics.ts";
import { metricsJson } from "./metrics-json.ts";
import { migrations } from "./migrations.ts";
import { openapi } from "./openapi.ts";
import { operation, operations } from "./operations.ts";
import { plan } from "./plan.ts";
import { healthz, readyz } from "./probes.ts";
import { promote } from "./promote.ts";
import { refreshConfiguration } from "./refresh-configuration.ts";
import { status } from "./status.ts";
import { ui, uiEvents, uiFile, uiState } from "./status-page.ts";
import { terminate } from "./terminate.ts";
import { timeline } from "./timeline.ts";

/** Every route of both servers, in the order of `openapi.yaml`; a path that is not here is a 404. */
export const routes: readonly Route[] = [
  status,
  metricsJson,
  metrics,
  autoscalingMetrics,
  healthz,
  readyz,
  timeline,
  migrations,
  logs,
  openapi,
  operations,
  operation,
  configure,
  terminate,
  promote,
  prewarmState,
  startPrewarm,
  cancelPrewarm,
  offloadState,
  startOffload,
  dbsAndRoles,
  databaseSchema,
  checkWritability,
  insights,
  hadronLivenessProbe,
  extensions,
  grants,
  plan,
  ui,
  uiState,
  uiEvents,
  uiFile,
  extensionServer,
  refreshConfiguration,
];
