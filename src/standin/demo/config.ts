import type { PublicKeys } from "../token.ts";

/** What the demo puts in place of the example's addresses. */
export interface DemoAddresses {
  readonly tenantId: string;
  readonly timelineId: string;
  readonly pageserverUrl: string;
  readonly safekeeperHostPorts: readonly string[];
  readonly storageToken: string;
  readonly postgresPort: number;
  /** Who may call the external HTTP API. */
  readonly jwks: PublicKeys;
}

/** A database of the example, and its owner. */
export interface DemoDatabase {
  readonly name: string;
  readonly owner: string;
}

type JsonObject = Readonly<Record<string, unknown>>;

/** The passwords behind the example's verifiers, as examples/README.md gives them. */
const passwords: Readonly<Record<string, string>> = {
  shop_owner: "shop-password",
  reports_owner: "reports-password",
};

/** A copy of the example with its addresses, ids, token, port and keys replaced; all else stays. */
export function adaptConfig(example: unknown, to: DemoAddresses): JsonObject {
  const config = object(example, "config");
  const spec = object(config["spec"], "spec");
  const cluster = object(spec["cluster"], "spec.cluster");
  const settings = list(cluster["settings"], "spec.cluster.settings").map((item) => {
    const setting = object(item, "setting");
    return setting["name"] === "port" ? { ...setting, value: String(to.postgresPort) } : setting;
  });
  return {
    ...config,
    spec: {
      ...spec,
      cluster: { ...cluster, settings },
      tenant_id: to.tenantId,
      timeline_id: to.timelineId,
      pageserver_connstring: to.pageserverUrl,
      safekeeper_connstrings: to.safekeeperHostPorts,
      storage_auth_token: to.storageToken,
    },
    compute_ctl_config: { ...object(config["compute_ctl_config"], "compute_ctl_config"), jwks: to.jwks },
  };
}

/** The databases of the example. */
export function databasesOf(example: unknown): readonly DemoDatabase[] {
  const cluster = object(object(object(example, "config")["spec"], "spec")["cluster"], "spec.cluster");
  return list(cluster["databases"], "spec.cluster.databases").map((item) => {
    const { name, owner } = object(item, "database");
    return { name: String(name), owner: String(owner) };
  });
}

/** How a client connects as the owner of a database. */
export function connectionUrl({ name, owner }: DemoDatabase, port: number): string {
  const password = passwords[owner];
  const user = password === undefined ? owner : `${owner}:${password}`;
  return `postgresql://${user}@127.0.0.1:${port}/${name}`;
}

function object(value: unknown, what: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new Error(`${what} of the example is not an object`);
}

function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${what} of the example is not a list`);
}
