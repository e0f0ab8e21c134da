import { once } from "../base/once.ts";
import type { ComputeControl } from "../compute/control.ts";
import type { StatusDetail } from "../compute/status-detail.ts";
import { createAuthorizer } from "../http/do/authorizer.ts";
import { type Addresses, type RunningServer, startServer } from "../http/do/listener.ts";
import { routes } from "../http/routes/index.ts";
import { catalogQueries } from "./catalog-queries.ts";
import type { Extensions } from "./extensions.ts";
import type { Facts, Surroundings } from "./facts.ts";
import { loadAutoscaling } from "./load.ts";
import { ownSessions } from "./open-session.ts";
import { lateStatusPage } from "./status-page.ts";

/** Opens both HTTP servers (LIFE-5). @throws BindError when a port cannot be had; none is open then */
export async function openServers(
  facts: Facts,
  surroundings: Surroundings,
  control: ComputeControl,
  extensions: Extensions,
  statusDetail: () => Promise<StatusDetail>,
): Promise<readonly RunningServer[]> {
  const { log, clock, tracer, metrics, recentLogLines } = surroundings;
  const { computeId, instanceId, computeCtlConfig, settings } = facts;
  const access = { computeId, jwks: computeCtlConfig.jwks, instanceId, strict: facts.strict };
  const { authorize, replaceKeys } = createAuthorizer(access, { log, clock, metrics });
  const statusPage = lateStatusPage(facts, surroundings, control, extensions.downloads.list, statusDetail);
  const services = {
    control,
    catalog: catalogQueries(facts, surroundings, extensions.beforeCreate),
    extensions: extensions.downloads,
    metrics,
    recentLogLines,
    statusDetail,
    statusPage: statusPage.open,
    pgdata: settings.pgdata,
    ownAutoscalingText: facts.installation.hasLibrary("neon") ? null : ownAutoscalingText(facts),
    strict: facts.strict,
    replaceKeys: facts.rotateJwks ? replaceKeys : null,
  };
  const shared = { routes, services, authorize };
  const deps = { log, clock, tracer };
  const external = await startServer(
    {
      ...shared,
      name: "external",
      port: facts.externalHttpPort,
      addresses: addressesOr(facts.httpListenAddr, "all"),
    },
    deps,
  );
  try {
    const internal = await startServer(
      {
        ...shared,
        name: "internal",
        port: settings.internalHttpPort,
        addresses: addressesOr(facts.internalListenAddr, "loopback"),
      },
      deps,
    );
    return [external, { ...internal, close: closeAfter(statusPage.end, internal.close) }];
  } catch (error) {
    await external.close(0);
    throw error;
  }
}

/** Streams that never end by themselves are ended first, or closing would wait for them. */
function closeAfter(end: () => void, close: RunningServer["close"]): RunningServer["close"] {
  return (limitMs) => {
    end();
    return close(limitMs);
  };
}

/** Loaded with the first scrape: no start waits for it. */
function ownAutoscalingText(facts: Facts): () => Promise<string> {
  const load = once(async () => {
    const { autoscalingText, createAutoscalingReader } = await loadAutoscaling();
    const read = createAutoscalingReader(ownSessions(facts));
    return async () => autoscalingText(await read());
  });
  return async () => (await load())();
}

function addressesOr(address: string | null, fallback: "all" | "loopback"): Addresses {
  return address === null ? fallback : { hosts: [address] };
}
