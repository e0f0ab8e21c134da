import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { JWTPayload } from "jose";
import type { Client } from "pg";
import type { PostgresMajor } from "../../../src/standin/postgres-major.ts";
import { type StandinStorage, type StorageOptions, startStorage } from "../../../src/standin/storage.ts";
import { createTokenAuthority } from "../../../src/standin/token.ts";
import { adminClaims } from "./admin-token.ts";
import { type ComputeProcess, type Ports, startProcess, withoutPolling } from "./compute-process.ts";
import { adaptFixture, type ConfigJson, type ConfigParts, plainConfig } from "./config.ts";
import { freePort } from "./free-port.ts";
import { endLeftProcesses } from "./leftovers.ts";

export interface WorldOptions {
  readonly major?: PostgresMajor;
  /** Whether the storage asks for a token. */
  readonly tokens?: boolean;
  readonly safekeepers?: number;
  /** Into how many shards the tenant is cut; not at all unless given. */
  readonly shards?: number;
  /** How long LSN leases last. */
  readonly leaseMs?: number;
  /** Set where pageservers insist on TLS. */
  readonly pageserverTls?: NonNullable<StorageOptions["pageserverTls"]>;
  readonly faults?: NonNullable<StorageOptions["faults"]>;
  readonly branch?: NonNullable<StorageOptions["branch"]>;
}

export interface StartOptions {
  /** Written to a file that `--config` names; without it no source is given. An object is written as JSON. */
  readonly config?: object | string;
  /** More arguments. */
  readonly args?: readonly string[];
  /** The whole environment besides {@link runMark}; empty unless given. */
  readonly env?: NodeJS.ProcessEnv;
  /** Instead of the storage's Postgres; null leaves the option out. */
  readonly pgbin?: string | null;
  /** `compute-e2e` unless given; null leaves the option out. */
  readonly computeId?: string | null;
  readonly pgdata?: string;
  readonly connstr?: string;
  /** Instead of all arguments that a world gives, but for where the servers listen and whom Postgres runs as. */
  readonly onlyArgs?: readonly string[];
  /** One `--http-port` instead of a flag for each server; the internal port is the next one. */
  readonly httpPort?: true;
  /** `--terminate-linger`; 1 unless given. */
  readonly lingerSeconds?: number;
  /** Opens the external API when the config trusts another key than the world's. */
  readonly adminToken?: string;
  /** Another way to call the program. */
  readonly command?: string;
  readonly cwd?: string;
}

/** A storage with one branch, a folder, ports, and keys: all that computes need, one after the other. */
export interface World {
  readonly folder: string;
  readonly pgdata: string;
  readonly ports: Ports;
  readonly storage: StandinStorage;
  /** A token of any claims, signed by the key that the configs trust. */
  token(claims: JWTPayload): Promise<string>;
  readonly adminToken: string;
  /** The plainest config of a primary, with parts laid over it. */
  config(parts?: ConfigParts): ConfigJson;
  /** A file of test/fixtures, adapted only in addresses and ports. */
  fixture(name: string): ConfigJson;
  /** Writes a file into the folder and returns its path. */
  write(name: string, content: string): Promise<string>;
  /** A path in the folder that may exist at the end. */
  path(name: string): string;
  start(options: StartOptions): Promise<ComputeProcess>;
}

export const computeCtl = join(import.meta.dirname, "../../../bin/compute_ctl");

const endMsMax = 12_000;
/** By this variable the runner of the tests finds what a file that was killed left behind. */
export const runMark = "COMPUTE_CTL_TEST_RUN";

/** What the worlds of one test file share: base images and copies of Postgres. */
const shared = mkdtempSync(join(tmpdir(), "compute-ctl-e2e-shared-"));
after(() => rm(shared, { recursive: true, force: true }));

/**
 * Runs `body` in a world of its own. In the end every compute is stopped by SIGTERM, and the test fails when one of them
 * does not go, or leaves behind a process or a file that it should not.
 */
export async function withWorld(options: WorldOptions, body: (world: World) => Promise<void>): Promise<void> {
  await chmod(shared, 0o755);
  const storage = await startStorage({
    major: options.major ?? 17,
    workdir: shared,
    tokens: options.tokens ?? false,
    safekeepers: options.safekeepers ?? 3,
    ...(options.shards === undefined ? {} : { shards: options.shards }),
    ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
    ...(options.pageserverTls === undefined ? {} : { pageserverTls: options.pageserverTls }),
    ...(options.faults === undefined ? {} : { faults: options.faults }),
    ...(options.branch === undefined ? {} : { branch: options.branch }),
  });
  const folder = await mkdtemp(join(tmpdir(), "compute-ctl-e2e-"));
  await chmod(folder, 0o755);
  const computes: ComputeProcess[] = [];
  const clients: Client[] = [];
  const known = new Set(["pgdata"]);
  let complaints: readonly string[] = [];
  try {
    await body(await createWorld(options, storage, folder, { computes, clients, known }));
  } catch (error) {
    for (const { pid, log } of computes) process.stderr.write(`the log of compute ${pid}:\n${withoutPolling(log())}\n`);
    throw error;
  } finally {
    complaints = [...(await stopAll(computes)), ...(await whatIsLeft(folder, known))];
    // Not before: a client whose query hangs would not end while its server lives.
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
    await storage.close();
    await rm(folder, { recursive: true, force: true });
  }
  assert.deepEqual(complaints, []);
}

interface Kept {
  readonly computes: ComputeProcess[];
  readonly clients: Client[];
  /** The entries of the folder that may be there at the end. */
  readonly known: Set<string>;
}

async function createWorld(
  { tokens = false }: WorldOptions,
  storage: StandinStorage,
  folder: string,
  { computes, clients, known }: Kept,
): Promise<World> {
  const ports: Ports = { postgres: await freePort(), external: await freePort(), internal: await freePort() };
  const authority = await createTokenAuthority();
  const adminToken = await authority.issue(adminClaims);
  const storageToken = tokens ? await storage.issueToken({ scope: "tenant", tenant_id: storage.tenantId }) : null;
  const addresses = { storage, postgresPort: ports.postgres };
  const world: World = {
    folder,
    pgdata: join(folder, "pgdata"),
    ports,
    storage,
    token: authority.issue,
    adminToken,
    config: (parts = {}) => plainConfig(addresses, storageToken, authority.jwks, parts),
    fixture: (name) => adaptFixture(name, addresses),
    path: (name) => {
      known.add(name);
      return join(folder, name);
    },
    write: async (name, content) => {
      await writeFile(world.path(name), content, { mode: 0o600 });
      return world.path(name);
    },
    start: async (options) => {
      const compute = startProcess({
        command: options.command ?? computeCtl,
        args: await commandLine(world, options),
        env: { ...marked(), ...options.env },
        cwd: options.cwd ?? folder,
        pgdata: options.pgdata ?? world.pgdata,
        ports,
        adminToken: options.adminToken ?? adminToken,
        onClient: (client) => void clients.push(client),
      });
      computes.push(compute);
      return compute;
    },
  };
  return world;
}

function marked(): NodeJS.ProcessEnv {
  const mark = process.env[runMark];
  return mark === undefined ? {} : { [runMark]: mark };
}

async function commandLine(world: World, options: StartOptions): Promise<readonly string[]> {
  const { ports, storage } = world;
  const { bindir, runAs } = storage.postgres;
  const { config, computeId = "compute-e2e", pgbin = join(bindir, "postgres") } = options;
  if (options.onlyArgs !== undefined) {
    const listening = ["--external-http-port", String(ports.external), "--internal-http-port", String(ports.internal)];
    return [...options.onlyArgs, ...listening, ...(runAs === null ? [] : ["--postgres-user", runAs.name])];
  }
  const text = typeof config === "object" ? JSON.stringify(config) : config;
  return [
    ["--pgdata", options.pgdata ?? world.pgdata],
    ["--connstr", options.connstr ?? `postgresql://cloud_admin@127.0.0.1:${ports.postgres}/postgres`],
    options.httpPort === true
      ? ["--http-port", String(ports.external)]
      : ["--external-http-port", String(ports.external), "--internal-http-port", String(ports.internal)],
    ["--terminate-linger", String(options.lingerSeconds ?? 1)],
    pgbin === null ? [] : ["--pgbin", pgbin],
    computeId === null ? [] : ["--compute-id", computeId],
    text === undefined ? [] : ["--config", await world.write("config.json", text)],
    runAs === null ? [] : ["--postgres-user", runAs.name],
    // A test that has services of its own says where they are; no other may touch those of this machine.
    options.args?.includes("--host-root") === true ? [] : ["--host-root", join(world.folder, "no-services")],
    options.args ?? [],
  ].flat();
}

/** Stops what still runs; says which compute had to be killed. */
async function stopAll(computes: readonly ComputeProcess[]): Promise<readonly string[]> {
  const stopped = await Promise.all(
    computes.map(async (compute) => {
      compute.signal("SIGTERM");
      const gone = await Promise.race([compute.exited, delay(endMsMax, undefined, { ref: false })]);
      if (gone !== undefined) return [];
      compute.signal("SIGKILL");
      return [`compute ${compute.pid} did not go within ${endMsMax} ms after SIGTERM`];
    }),
  );
  return stopped.flat();
}

/** Processes and files that should be gone. */
async function whatIsLeft(folder: string, known: ReadonlySet<string>): Promise<readonly string[]> {
  const processes = await endLeftProcesses(folder);
  const entries = await readdir(folder);
  return [
    ...processes.map(({ pid, command }) => `left process ${pid}: ${command}`),
    ...entries.filter((name) => !known.has(name)).map((name) => `left ${name} in the folder`),
  ];
}
