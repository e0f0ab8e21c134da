import { readFileSync } from "node:fs";
import { parseTenantId, parseTimelineId } from "../../../src/base/ids.ts";
import type { StandinStorage, StorageOptions } from "../../../src/standin/storage.ts";
import type { PublicKeys } from "../../../src/standin/token.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** The addresses that a config needs. */
export interface Addresses {
  readonly storage: StandinStorage;
  readonly postgresPort: number;
}

/** What differs from the plain config; each part is laid over its own level. */
export interface ConfigParts {
  /** Members of `spec`. */
  readonly spec?: JsonObject;
  /** Members of `spec.cluster`. */
  readonly cluster?: JsonObject;
  /** Postgres settings by name; they replace those of the same name. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Members of `compute_ctl_config`. */
  readonly computeCtlConfig?: JsonObject;
}

/** A config as JSON. */
export interface ConfigJson extends JsonObject {
  readonly spec: JsonObject & { readonly cluster: JsonObject };
  readonly compute_ctl_config: JsonObject;
}

const plainSettings: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  max_connections: "100",
  shared_buffers: "16MB",
  fsync: "off",
  wal_level: "logical",
  password_encryption: "scram-sha-256",
  restart_after_crash: "off",
  unix_socket_directories: "",
  log_line_prefix: "%m [%p] ",
};

/** The plainest config of a primary on this storage, with `parts` laid over it. */
export function plainConfig(
  { storage, postgresPort }: Addresses,
  storageToken: string | null,
  jwks: PublicKeys,
  parts: ConfigParts,
): ConfigJson {
  const settings = { ...plainSettings, port: String(postgresPort), ...parts.settings };
  return {
    spec: {
      format_version: 1.0,
      suspend_timeout_seconds: 0,
      tenant_id: storage.tenantId,
      timeline_id: storage.timelineId,
      pageserver_connstring: storage.pageserverUrl,
      safekeeper_connstrings: storage.safekeeperHostPorts,
      ...(storageToken === null ? {} : { storage_auth_token: storageToken }),
      mode: "Primary",
      ...parts.spec,
      cluster: {
        cluster_id: "e2e",
        name: "end to end",
        state: "running",
        roles: [],
        databases: [],
        settings: Object.entries(settings).map(([name, value]) => ({ name, value, vartype: "string" })),
        ...parts.cluster,
      },
    },
    compute_ctl_config: { jwks, ...parts.computeCtlConfig },
  };
}

/** The branch that a fixture speaks of, with its safekeepers' generation, for the storage to hold it. */
export function branchOfFixture(name: string): NonNullable<StorageOptions["branch"]> {
  const text = readFixture(name);
  const [tenantId, timelineId] = [idIn(text, "tenant_id"), idIn(text, "timeline_id")];
  const branch = { tenantId: parseTenantId(tenantId), timelineId: parseTimelineId(timelineId) };
  if (branch.tenantId === undefined || branch.timelineId === undefined) throw new Error(`${name} has no branch`);
  const safekeepersGeneration = Number(/"safekeepers_generation": (\d+)/.exec(text)?.[1] ?? 0);
  return { tenantId: branch.tenantId, timelineId: branch.timelineId, safekeepersGeneration };
}

/** The id in the spec's own field, or in the setting `neon.<name>`. */
function idIn(text: string, name: string): string {
  const field = new RegExp(`"${name}": "([^"]+)"`).exec(text);
  const setting = new RegExp(`"neon.${name}",\\s+"value": "([^"]+)"`).exec(text);
  return (field ?? setting)?.[1]?.toLowerCase() ?? "";
}

/**
 * A fixture (`primary.config.json`, …) with the storage's addresses and the ports in place of its own, and nothing else
 * changed. The fixtures' addresses are those of pageservers, of safekeepers, and where Postgres listens.
 */
export function adaptFixture(name: string, addresses: Addresses): ConfigJson {
  const { storage, postgresPort } = addresses;
  const hostPorts = storage.safekeeperHostPorts;
  let used = 0;
  const text = readFixture(name)
    .replaceAll(/postgresql:\/\/no_user@[^,"]+/g, storage.pageserverUrl)
    .replaceAll(/\bsk-\d+\.[a-z\d.-]+:\d+/g, () => hostPorts[used++ % hostPorts.length] ?? "")
    .replaceAll(/host=sk-\S+ port=\S+/g, connectionHosts(hostPorts))
    .replaceAll(/("name": "port",\s+"value": )"\d+"/g, `$1"${postgresPort}"`)
    .replaceAll(/("name": "listen_addresses",\s+"value": )"\*"/g, '$1"127.0.0.1"');
  return JSON.parse(text);
}

function readFixture(name: string): string {
  return readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), "utf8");
}

function connectionHosts(hostPorts: readonly string[]): string {
  const split = hostPorts.map((hostPort) => hostPort.split(":"));
  return `host=${split.map(([host]) => host).join()} port=${split.map(([, port]) => port).join()}`;
}
