import assert from "node:assert/strict";
import { chown, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { freePort } from "../../../test/e2e/support/free-port.ts";
import {
  findProgram,
  never,
  skipWithout,
  startProgram,
  type TestHost,
  testHost,
  until,
} from "../../../test/support/service-host.ts";
import type { SqlSession } from "../../base/sql.ts";
import { createOpenSession } from "../../postgres/do/session.ts";
import type { AdminConsole } from "../pgbouncer.ts";
import { configurePgbouncer, type PgbouncerPorts } from "./configure-pgbouncer.ts";
import { stopPgbouncer } from "./stop-pgbouncer.ts";

const plainIdentity = { applicationName: "compute_ctl:test", options: "" };
const limits = { pauseMs: 1, keyMsMax: 2_000, keyPollMs: 5 };

function openConsole({ host, port, user, password, database }: AdminConsole): Promise<SqlSession> {
  const target = { host, port, user, password, database, options: null };
  return createOpenSession(target, { connectLimitMs: 5_000 }, plainIdentity)({ purpose: "test" });
}

function portsOf(host: TestHost, more: Partial<PgbouncerPorts> = {}): PgbouncerPorts {
  const { log, paths } = host;
  return {
    ...{ log, ini: paths.pgbouncerIni.plain, isVm: false, socketFolder: paths.pgbouncerSockets, password: null },
    ...{ openConsole, limits },
    ...more,
  };
}

function attempt(signal: AbortSignal = never) {
  const retries: unknown[] = [];
  return { signal, retrying: (error: unknown) => void retries.push(error), retries };
}

const wish = (settings: Readonly<Record<string, string>>) => ({
  settings: new Map(Object.entries(settings)),
  tls: null,
});

/** An ini file, at one of the two places, of a pgbouncer that could run with it. */
async function writeIni(
  host: TestHost,
  place: "vm" | "plain",
): Promise<{ readonly ini: string; readonly text: string }> {
  const { paths } = host;
  const users = await host.write(join(host.root, "users.txt"), '"postgres" "tide-table-77"\n"pgbouncer" "x"\n');
  const text = `[databases]
* = host=127.0.0.1 port=1

  ; who may do what
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${await freePort()}
auth_type = ${place === "vm" ? "trust" : "plain"}
auth_file = ${users}
admin_users = postgres, pgbouncer
unix_socket_dir = ${paths.pgbouncerSockets}
pidfile = ${paths.pgbouncerPid}
pool_mode=transaction
default_pool_size = 64
`;
  const ini = await host.write(paths.pgbouncerIni[place], text, 0o666);
  await host.write(join(paths.pgbouncerSockets, "keep"), "");
  if (process.getuid?.() === 0) await chown(paths.pgbouncerSockets, 65_534, 65_534);
  return { ini, text };
}

/** The real pgbouncer, up and listening. */
async function startPgbouncer(host: TestHost, ini: string) {
  const child = await startProgram(host, findProgram("pgbouncer") ?? "", [ini], { asNobody: true });
  const pid = () => readFile(host.paths.pgbouncerPid, "utf8").catch(() => "");
  await until("pgbouncer's pid", async () => (await pid()) !== "");
  return child;
}

async function shown(ports: PgbouncerPorts, target: AdminConsole, key: string): Promise<string | null | undefined> {
  const session = await ports.openConsole(target);
  try {
    return (await session.run("SHOW CONFIG")).find((row) => row["key"] === key)?.["value"];
  } finally {
    await session.close();
  }
}

describe("configuring the real pgbouncer", { skip: skipWithout("pgbouncer") }, () => {
  it("SVC-10, SVC-11: it takes its settings over TCP, by password", async (t) => {
    const host = await testHost(t);
    const { ini, text } = await writeIni(host, "plain");
    await startPgbouncer(host, ini);
    const consoles: AdminConsole[] = [];
    const password = "tide-table-77";
    const ports = portsOf(host, {
      password,
      openConsole: (target) => {
        consoles.push(target);
        return openConsole(target);
      },
    });
    await configurePgbouncer(wish({ pool_mode: "session", max_client_conn: "50" }), ports, attempt());
    const [target] = consoles;
    assert.ok(target !== undefined);
    assert.equal(await shown(ports, target, "pool_mode"), "session");
    assert.equal(await shown(ports, target, "max_client_conn"), "50");
    assert.equal(await shown(ports, target, "default_pool_size"), "64");
    const expected = text.replace("pool_mode=transaction", "pool_mode=session");
    assert.equal(await readFile(ini, "utf8"), `${expected}max_client_conn=50\n`);
    assert.equal((await stat(ini)).mode & 0o777, 0o666);
    assert.doesNotMatch(host.lines.join("\n"), /tide/, "SVC-T1: the password is in no line");
  });

  it("SVC-11: on a VM through the Unix socket, without a password", async (t) => {
    const host = await testHost(t);
    const { ini } = await writeIni(host, "vm");
    await startPgbouncer(host, ini);
    const ports = portsOf(host, { isVm: true, ini });
    await configurePgbouncer(wish({ default_pool_size: "7" }), ports, attempt());
    const port = Number(/listen_port = (\d+)/.exec(await readFile(ini, "utf8"))?.[1]);
    const target = {
      host: host.paths.pgbouncerSockets,
      port,
      user: "pgbouncer",
      password: null,
      database: "pgbouncer",
    };
    assert.equal(await shown(ports, { ...target, database: "pgbouncer" }, "default_pool_size"), "7");
  });

  it("SVC-72: takes settings back that pgbouncer refuses, names them, and leaves a file that it can start with", async (t) => {
    const host = await testHost(t);
    const { ini, text } = await writeIni(host, "vm");
    await startPgbouncer(host, ini);
    const ports = portsOf(host, { isVm: true, ini });
    const bad = wish({ pool_mode: "nonsense", default_pool_size: "3" });
    await assert.rejects(
      configurePgbouncer(bad, ports, attempt()),
      /pgbouncer refuses spec\.pgbouncer_settings\.pool_mode/,
    );
    assert.equal(await readFile(ini, "utf8"), text);
    const port = Number(/listen_port = (\d+)/.exec(text)?.[1]);
    const target = { host: host.paths.pgbouncerSockets, port, user: "pgbouncer", password: null };
    assert.equal(await shown(ports, { ...target, database: "pgbouncer" }, "pool_mode"), "transaction");
    const unknown = configurePgbouncer(wish({ no_such_key: "1" }), ports, attempt());
    await assert.rejects(unknown, /pgbouncer refuses spec\.pgbouncer_settings\.no_such_key/);
    assert.equal(await readFile(ini, "utf8"), text);
    await configurePgbouncer(wish({ pool_mode: "statement" }), ports, attempt());
  });

  it("tells which settings wait for a restart", async (t) => {
    const host = await testHost(t);
    const { ini } = await writeIni(host, "vm");
    await startPgbouncer(host, ini);
    await configurePgbouncer(wish({ listen_backlog: "77" }), portsOf(host, { isVm: true, ini }), attempt());
    assert.match(
      host.lines.join("\n"),
      /warn pgbouncer takes these settings only when it is restarted: listen_backlog/,
    );
  });

  it("SVC-60: it is killed by its pid file", async (t) => {
    const host = await testHost(t);
    const { ini } = await writeIni(host, "vm");
    const child = await startPgbouncer(host, ini);
    await stopPgbouncer(host.paths.pgbouncerPid, host.log);
    await until("the end of pgbouncer", () => child.signalCode === "SIGKILL");
  });
});

describe("configuring a pgbouncer that cannot be reached", () => {
  it("SVC-70, SVC-72: writes the ini file, tries 4 times, and says what happens next", async (t) => {
    const host = await testHost(t);
    const { ini } = await writeIni(host, "plain");
    const tried = attempt();
    await assert.rejects(configurePgbouncer(wish({ pool_mode: "session" }), portsOf(host), tried), (error: Error) => {
      assert.match(error.message, /cannot be reached \(localhost, port \d+, user postgres\).*its next start/);
      assert.match(String(error.cause), /ECONNREFUSED|connect/);
      return true;
    });
    assert.equal(tried.retries.length, 3);
    assert.match(await readFile(ini, "utf8"), /^pool_mode=session$/m);
  });

  it("SVC-70: says so when there is no ini file, and makes none", async (t) => {
    const host = await testHost(t);
    await assert.rejects(
      configurePgbouncer(wish({ a: "1" }), portsOf(host), attempt()),
      /there is no .*pgbouncer\.ini/,
    );
    await assert.rejects(stat(host.paths.pgbouncerIni.plain), { code: "ENOENT" });
  });

  it("SVC-T2: a missing section is added, not a crash", async (t) => {
    const host = await testHost(t);
    await host.write(host.paths.pgbouncerIni.plain, "; nothing here\n");
    const refuse = () => Promise.reject(new Error("refused"));
    const done = configurePgbouncer(wish({ a: "1" }), portsOf(host, { openConsole: refuse }), attempt());
    await assert.rejects(done, /cannot be reached/);
    assert.equal(await readFile(host.paths.pgbouncerIni.plain, "utf8"), "; nothing here\n\n[pgbouncer]\na=1\n");
  });

  it("SVC-10: waits for a TLS key that is late, and only so long", async (t) => {
    const host = await testHost(t);
    await writeIni(host, "plain");
    const tls = { keyPath: join(host.root, "key.pem"), certPath: join(host.root, "cert.pem") };
    const refuse = () => Promise.reject(new Error("refused"));
    const ports = portsOf(host, { openConsole: refuse });
    const waiting = configurePgbouncer({ ...wish({}), tls }, ports, attempt());
    await host.write(tls.keyPath, "");
    await assert.rejects(waiting, /cannot be reached/);
    assert.match(await readFile(host.paths.pgbouncerIni.plain, "utf8"), /^client_tls_sslmode=allow$/m);
    const missing = { ...tls, keyPath: join(host.root, "never.pem") };
    const short = { ...ports, limits: { ...limits, keyMsMax: 20 } };
    await assert.rejects(
      configurePgbouncer({ ...wish({}), tls: missing }, short, attempt()),
      /TLS key .* does not exist/,
    );
  });

  it("ends at once when it is called off", async (t) => {
    const host = await testHost(t);
    await writeIni(host, "plain");
    const off = new AbortController();
    const tried = attempt(off.signal);
    const slow = { ...limits, pauseMs: 60_000 };
    const done = configurePgbouncer(wish({ a: "1" }), portsOf(host, { limits: slow }), tried);
    await until("the first attempt", () => tried.retries.length === 1);
    off.abort(new Error("newer"));
    await assert.rejects(done, /newer/);
  });
});

describe("stopping pgbouncer", () => {
  it("SVC-T8: leaves a process alone that a stale pid file names by chance, and needs no file", async (t) => {
    const host = await testHost(t);
    const other = await startProgram(host, "/bin/sleep", ["600"]);
    await host.write(host.paths.pgbouncerPid, `${other.pid}\n`);
    await stopPgbouncer(host.paths.pgbouncerPid, host.log);
    await stopPgbouncer(join(host.root, "none"), host.log);
    await host.write(host.paths.pgbouncerPid, "1");
    await stopPgbouncer(host.paths.pgbouncerPid, host.log);
    assert.equal(other.exitCode ?? other.signalCode, null);
    assert.deepEqual(
      host.lines.filter((line) => !line.startsWith("debug")),
      [],
    );
  });
});
