import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { errorCode } from "../../../src/base/error-chain.ts";
import { ask, type Reply } from "./http.ts";

/** Where a compute listens. */
export interface Ports {
  readonly postgres: number;
  readonly external: number;
  readonly internal: number;
}

/** How a process ended: one of the two is null. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The body of `/status`. */
export interface StatusBody {
  readonly start_time: string;
  readonly tenant: string | null;
  readonly timeline: string | null;
  readonly status: string;
  readonly last_active: string | null;
  readonly error: string | null;
}

export interface Login {
  readonly user?: string;
  /** Connects from an address for which `pg_hba.conf` asks for a password; without it, from a trusted one. */
  readonly password?: string;
  readonly database?: string;
}

/** A running `compute_ctl`. */
export interface ComputeProcess {
  readonly pid: number;
  readonly ports: Ports;
  /** Resolves when it is gone and all it wrote has been read. */
  readonly exited: Promise<Exit>;
  /** What it wrote on stderr so far: its log. */
  log(): string;
  stdout(): string;
  signal(name: NodeJS.Signals): void;
  /** Asks the external server with the admin token, unless told otherwise; `token: null` sends none. */
  request(
    method: string,
    path: string,
    how?: { readonly token?: string | null; readonly body?: unknown; readonly port?: number },
  ): Promise<Reply>;
  /** The body of `GET /status`; undefined when nobody answers. */
  status(): Promise<StatusBody | undefined>;
  /** Waits until it has a status; returns every status seen on the way. Fails when it ends, or fails, or time is up. */
  waitFor(status: string, limitMs?: number): Promise<readonly string[]>;
  /** Waits until its log matches. */
  waitForLog(pattern: RegExp, limitMs?: number): Promise<void>;
  /** The pid in `postmaster.pid`. */
  postgresPid(): Promise<number>;
  /** Connects to its Postgres over TCP, as cloud_admin to `postgres` unless told otherwise. Ended with the world. */
  connect(login?: Login): Promise<pg.Client>;
}

export interface Spawned {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly pgdata: string;
  readonly ports: Ports;
  readonly adminToken: string;
  /** Told of every database client, so that it can be ended. */
  readonly onClient: (client: pg.Client) => void;
}

const readyMsMax = 30_000;
const pollMs = 15;
/** Loopback, but not 127.0.0.1, which the base backup's own rules trust (CONF-61). */
const untrustedAddress = "127.0.0.2";
const lastOutputMsMax = 1_000;
const tailLines = 40;

/** Starts the program as a process. */
export function startProcess(how: Spawned): ComputeProcess {
  const child = spawn(how.command, how.args, { cwd: how.cwd, env: how.env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const exited = endOf(child);
  let exit: Exit | undefined;
  void exited.then((how) => {
    exit = how;
  });
  const fail = (what: string): never => {
    const lastLines = withoutPolling(stderr).split("\n").slice(-tailLines);
    return assert.fail(`${what}; the end of its log:\n${lastLines.join("\n")}`);
  };
  const { pid } = child;
  assert.ok(pid !== undefined, `${how.command} cannot be started`);

  const compute: ComputeProcess = {
    pid,
    ports: how.ports,
    exited,
    log: () => stderr,
    stdout: () => stdout,
    signal: (name) => void child.kill(name),
    request: (method, path, { token = how.adminToken, body, port = how.ports.external } = {}) =>
      ask({ method, path, token, body, port }),
    status: async () => {
      try {
        const reply = await compute.request("GET", "/status");
        assert.equal(reply.status, 200, reply.text);
        return JSON.parse(reply.text);
      } catch (error) {
        if (["ECONNREFUSED", "ECONNRESET"].includes(errorCode(error) ?? "")) return undefined;
        throw error;
      }
    },
    waitFor: async (wanted, limitMs = readyMsMax) => {
      const seen: string[] = [];
      await poll(limitMs, `it was not ${wanted} within ${limitMs} ms, but ${seen}`, fail, async () => {
        const now = (await compute.status())?.status;
        if (now !== undefined && now !== seen.at(-1)) seen.push(now);
        if (now === wanted) return true;
        if (exit !== undefined) fail(`it ended with ${JSON.stringify(exit)} before it was ${wanted}`);
        if (now === "failed") fail(`it failed before it was ${wanted}: ${(await compute.status())?.error}`);
        return false;
      });
      return seen;
    },
    waitForLog: (pattern, limitMs = readyMsMax) =>
      poll(limitMs, `its log did not match ${pattern} within ${limitMs} ms`, fail, () => {
        if (pattern.test(stderr)) return true;
        if (exit !== undefined) fail(`it ended before its log matched ${pattern}`);
        return false;
      }),
    postgresPid: async () => Number((await readFile(join(how.pgdata, "postmaster.pid"), "utf8")).split("\n")[0]),
    connect: async ({ user = "cloud_admin", password, database = "postgres" } = {}) => {
      const client = new pg.Client({
        ...{ host: "127.0.0.1", port: how.ports.postgres, user, password, database },
        ...(password === undefined ? {} : { stream: () => socketFrom(untrustedAddress) }),
      });
      // Its Postgres may be stopped while it is connected.
      client.on("error", () => {});
      how.onClient(client);
      await client.connect();
      return client;
    },
  };
  return compute;
}

/** A socket that connects from another address of this machine than usual. */
function socketFrom(localAddress: string): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket);
  socket.connect = (port: unknown, host?: unknown) => connect({ port: Number(port), host: String(host), localAddress });
  return socket;
}

async function poll(
  limitMs: number,
  what: string,
  fail: (what: string) => never,
  done: () => Promise<boolean> | boolean,
): Promise<void> {
  const giveUpAt = performance.now() + limitMs;
  while (!(await done())) {
    if (performance.now() > giveUpAt) fail(what);
    await delay(pollMs);
  }
}

/** A log without what our own asking for the status brings. */
export function withoutPolling(log: string): string {
  const lines = log.split("\n").filter((line) => !line.includes("url.path=/status}"));
  return lines.join("\n");
}

/** A process that it left behind may hold its output open, so we wait for the last of it only so long. */
async function endOf(child: ChildProcess): Promise<Exit> {
  const closed = once(child, "close");
  const [code, signal] = await once(child, "exit");
  await Promise.race([closed, delay(lastOutputMsMax, undefined, { ref: false })]);
  return { code, signal };
}
