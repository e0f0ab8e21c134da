import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StandinStorage } from "../storage.ts";
import { createTokenAuthority } from "../token.ts";
import type { ComputeApi } from "./compute-api.ts";
import { adaptConfig } from "./config.ts";
import { pickPort } from "./ports.ts";

/** The ports of a compute and its Postgres. */
export interface Ports {
  readonly postgres: number;
  readonly external: number;
  readonly internal: number;
}

/** A compute that only has to be started. */
interface PreparedCompute {
  readonly ports: Ports;
  readonly api: ComputeApi;
  /** Its command line. */
  readonly args: readonly string[];
}

const exampleFile = join(import.meta.dirname, "../../../examples/two-roles.config.json");
const preferredPorts: Ports = { postgres: 55432, external: 3080, internal: 3081 };

/** Writes the compute's config, and puts together its command line. */
export async function prepareCompute(storage: StandinStorage, folder: string): Promise<PreparedCompute> {
  const ports: Ports = {
    postgres: await pickPort(preferredPorts.postgres),
    external: await pickPort(preferredPorts.external),
    internal: await pickPort(preferredPorts.internal),
  };
  const controlPlane = await createTokenAuthority();
  const config = adaptConfig(await readExample(), {
    ...storage,
    storageToken: await storage.issueToken({ scope: "tenant", tenant_id: storage.tenantId }),
    postgresPort: ports.postgres,
    jwks: controlPlane.jwks,
  });
  const configFile = join(folder, "config.json");
  await writeFile(configFile, JSON.stringify(config, null, 2), { mode: 0o600 });
  const { bindir, runAs } = storage.postgres;
  const api: ComputeApi = {
    url: `http://127.0.0.1:${ports.external}`,
    token: await controlPlane.issue({ scope: "compute_ctl:admin", aud: ["compute"] }),
  };
  const args = [
    ["--pgdata", join(folder, "pgdata")],
    ["--connstr", `postgresql://cloud_admin@127.0.0.1:${ports.postgres}/postgres`],
    ["--pgbin", join(bindir, "postgres")],
    ["--compute-id", "demo"],
    ["--dev"],
    ["--config", configFile],
    ["--external-http-port", String(ports.external)],
    ["--internal-http-port", String(ports.internal)],
    ...(runAs === null ? [] : [["--postgres-user", runAs.name]]),
  ].flat();
  return { ports, api, args };
}

/** The config that the demonstration runs. */
export async function readExample(): Promise<unknown> {
  return JSON.parse(await readFile(exampleFile, "utf8"));
}
