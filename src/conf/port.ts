import { findSetting } from "../spec/find-setting.ts";
import type { Cluster } from "../spec/types.ts";
import { lastValueOf } from "./conf-text.ts";

const postgresDefault = 5432;

/** The port that Postgres will listen on, as the cluster configures it. */
function configuredPort({ settings, postgresqlConf }: Cluster): number {
  const text = findSetting(settings, "port") ?? lastValueOf(postgresqlConf ?? "", "port");
  return text === undefined ? postgresDefault : Number(text);
}

/**
 * What to warn of when this program could not reach the Postgres that it starts: outside lakebase mode the port comes from
 * the spec, not from the connection string (chapter 01, "Works on vanilla Postgres?").
 */
export function portMismatch(cluster: Cluster, connstrPort: number): string | undefined {
  const port = configuredPort(cluster);
  if (port === connstrPort) return undefined;
  return `Postgres will listen on port ${port}, but --connstr names port ${connstrPort}: make them the same, or the catalog cannot be reached`;
}
