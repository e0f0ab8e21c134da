import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { migrations } from "../../../src/catalog/migrations/list.ts";
import type { ComputeStatus } from "../../../src/compute/status.ts";
import { statusText } from "../../../src/compute/status.ts";
import { noRetries } from "../faults/outcomes.ts";
import type { ComputeProcess } from "../support/compute-process.ts";
import type { Reply } from "../support/http.ts";
import { processesOf } from "../support/leftovers.ts";
import { scramVerifier } from "../support/verifier.ts";
import type { World } from "../support/world.ts";

/** A compute that stays in a status until it is let go. */
export interface Held {
  readonly compute: ComputeProcess;
  /** Takes away what holds it. */
  readonly letGo: () => Promise<void>;
}

/** A way to bring a compute into a status and to keep it there, for some seconds at least. */
export interface Holder {
  readonly name: string;
  readonly status: ComputeStatus;
  /** The first start has failed: the end is near, whatever is asked for (T-10). */
  readonly startFailed?: boolean;
  /** Whether Postgres came up: only then is there an LSN at the end, and an exit code of its own. */
  readonly hasPostgres: boolean;
  hold(world: World): Promise<Held>;
}

const nothing = async (): Promise<void> => {};
const alice = { name: "alice", encrypted_password: scramVerifier("alice-old-tide") };

async function startRunning(world: World, lingerSeconds = 1): Promise<ComputeProcess> {
  const compute = await world.start({ config: world.config({ cluster: { roles: [alice] } }), lingerSeconds });
  await compute.waitFor("running");
  return compute;
}

/** Sends an order whose answer comes late, or never when the program is ended first. */
export function inBackground(reply: Promise<Reply>): void {
  reply.catch(() => {});
}

export function refresh(compute: ComputeProcess): Promise<Reply> {
  return compute.request("POST", "/refresh_configuration", { token: null, port: compute.ports.internal });
}

/** The changes of status in its log, such as `init to running`. */
export function changesOf(compute: ComputeProcess): readonly string[] {
  return Array.from(compute.log().matchAll(/Changing compute status from (.*)\n/g), ([, change = ""]) => change);
}

async function holdTermination(world: World, mode: "fast" | "immediate"): Promise<Held> {
  const compute = await startRunning(world);
  const checkpointer = processesOf(world.folder).find(({ command }) => /^postgres: checkpointer/.test(command));
  assert.ok(checkpointer !== undefined);
  process.kill(checkpointer.pid, "SIGSTOP");
  inBackground(compute.request("POST", `/terminate?mode=${mode}`));
  await compute.waitFor(`termination_pending_${mode}`);
  return { compute, letGo: async () => void process.kill(checkpointer.pid, "SIGCONT") };
}

/** Every status that a client can meet, which leaves out {@link fleeting}. */
export const holders: readonly Holder[] = [
  {
    name: "empty",
    status: "empty",
    hasPostgres: false,
    async hold(world) {
      const compute = await world.start({ config: { compute_ctl_config: world.config().compute_ctl_config } });
      await compute.waitFor("empty");
      return { compute, letGo: nothing };
    },
  },
  {
    name: "init, as the pageserver says nothing",
    status: "init",
    hasPostgres: false,
    async hold(world) {
      world.storage.pageserver.setFaults({ fault: { kind: "silent" } });
      const compute = await world.start({ config: world.config() });
      await compute.waitFor("init");
      await compute.waitForLog(/fetching base backup/);
      return { compute, letGo: nothing };
    },
  },
  {
    name: "running",
    status: "running",
    hasPostgres: true,
    hold: async (world) => ({ compute: await startRunning(world), letGo: nothing }),
  },
  {
    name: "configuration, as a role is locked",
    status: "configuration",
    hasPostgres: true,
    async hold(world) {
      const compute = await startRunning(world);
      const client = await compute.connect();
      await client.query("BEGIN; ALTER ROLE alice CONNECTION LIMIT 5");
      const changed = { ...alice, encrypted_password: scramVerifier("alice-new-tide") };
      inBackground(compute.request("POST", "/configure", { body: world.config({ cluster: { roles: [changed] } }) }));
      await compute.waitFor("configuration");
      return { compute, letGo: async () => void (await client.query("ROLLBACK").catch(() => {})) };
    },
  },
  {
    name: "failed, after a start",
    status: "failed",
    startFailed: true,
    hasPostgres: false,
    async hold(world) {
      world.storage.pageserver.setFaults({ fault: { kind: "hang-up" } });
      const compute = await world.start({ config: world.config(), env: noRetries, lingerSeconds: 30 });
      await compute.waitFor("failed");
      return { compute, letGo: nothing };
    },
  },
  {
    name: "failed, after a reconfiguration",
    status: "failed",
    hasPostgres: true,
    async hold(world) {
      const compute = await startRunning(world);
      const databases = [{ name: "ledger", owner: "nobody_here", options: null }];
      await compute.request("POST", "/configure", { body: world.config({ cluster: { databases } }) });
      await compute.waitFor("failed");
      return { compute, letGo: nothing };
    },
  },
  {
    name: "termination-pending-fast, as the checkpoint takes long",
    status: "termination_pending_fast",
    hasPostgres: true,
    hold: (world) => holdTermination(world, "fast"),
  },
  {
    name: "termination-pending-immediate, as the checkpoint takes long",
    status: "termination_pending_immediate",
    hasPostgres: true,
    hold: (world) => holdTermination(world, "immediate"),
  },
  {
    name: "terminated",
    status: "terminated",
    hasPostgres: true,
    async hold(world) {
      const compute = await startRunning(world, 30);
      await compute.request("POST", "/terminate");
      await compute.waitFor("terminated");
      return { compute, letGo: nothing };
    },
  },
  {
    name: "refresh-configuration-pending, so soon after another one",
    status: "refresh_configuration_pending",
    hasPostgres: true,
    async hold(world) {
      const compute = await startRunning(world);
      await refresh(compute);
      await compute.waitForLog(/from refresh-configuration to running\n/);
      await refresh(compute);
      await compute.waitFor("refresh_configuration_pending");
      return { compute, letGo: nothing };
    },
  },
  {
    name: "refresh-configuration, as the config file is missing",
    status: "refresh_configuration",
    hasPostgres: true,
    async hold(world) {
      const compute = await startRunning(world);
      await rm(world.path("config.json"));
      await refresh(compute);
      await compute.waitFor("refresh_configuration");
      return { compute, letGo: nothing };
    },
  },
];

/** The text of a change of status, as the log has it. */
export function changeText(from: ComputeStatus, to: ComputeStatus): string {
  return `${statusText(from)} to ${statusText(to)}`;
}

/** Whoever sets this status sees to it at once, so that nobody meets it. */
export const fleeting: ComputeStatus = "configuration_pending";

const quietMs = 300;

/** Waits until nothing is said any more: the start's work in the background is over, and Postgres's last lines have come. */
export async function untilQuiet(compute: ComputeProcess): Promise<void> {
  await compute.waitForLog(new RegExp(`Finished migration id=${migrations.length}\n`));
  for (let before = -1; before !== compute.log().length; ) {
    before = compute.log().length;
    await delay(quietMs);
  }
}
