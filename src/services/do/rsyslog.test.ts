import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdir, readFile, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { promisify } from "node:util";
import {
  end,
  findProgram,
  never,
  skipWithout,
  startProgram,
  type TestHost,
  testHost,
  until,
} from "../../../test/support/service-host.ts";
import { renderAuditConf, renderExportConf } from "../rsyslog.ts";
import { createAuditCleaner } from "./clean-audit-logs.ts";
import { createRsyslogConfigurator } from "./configure-rsyslog.ts";
import { restartRsyslogd } from "./restart-rsyslog.ts";

const run = promisify(execFile);
const record = (second: string, text: string): string => `2031-02-03 04:05:${second}.789 GMT,${text}\n`;

/** Takes what is sent to a loopback port. */
async function startReceiver(t: TestContext) {
  let text = "";
  const server = createServer((socket) => {
    socket.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", () => {});
    t.after(() => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { port: address.port, lines: () => text.split("\n").filter((line) => line !== "") };
}

/** The main config file of a host like Neon's: a socket for Postgres, and whatever is in rsyslog.d. */
async function writeMainConf(host: TestHost): Promise<string> {
  const { paths } = host;
  await mkdir(dirname(paths.auditConf), { recursive: true });
  await mkdir(paths.rsyslogState, { recursive: true });
  await mkdir(dirname(paths.rsyslogPids[0] ?? ""), { recursive: true });
  await host.write(paths.certificates, "");
  const lines = [
    'module(load="imuxsock" SysSock.Use="off")',
    `input(type="imuxsock" Socket="${host.root}/log-socket")`,
    `include(file="${dirname(paths.auditConf)}/*.conf" mode="optional")`,
    // Without any action rsyslogd would not start.
    '*.* action(type="omfile" file="/dev/null")',
  ];
  return await host.write(join(host.root, "rsyslog.conf"), `${lines.join("\n")}\n`);
}

/** Does what an init does for rsyslogd: starts it again whenever it ends. */
async function keepRsyslogd(host: TestHost) {
  const args = ["-n", "-f", await writeMainConf(host), "-i", host.paths.rsyslogPids[0] ?? ""];
  let ended = false;
  let child: ChildProcess;
  let starts = 0;
  const start = (): void => {
    starts += 1;
    child = spawn(findProgram("rsyslogd") ?? "", args, { stdio: "ignore" });
    child.once("exit", () => {
      if (!ended) start();
    });
  };
  start();
  host.onEnd(() => {
    ended = true;
    return end(child);
  });
  const pidFile = host.paths.rsyslogPids[0] ?? "";
  await until("rsyslogd's pid", async () => (await readFile(pidFile, "utf8").catch(() => "")) !== "");
  return { starts: () => starts };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function configuratorOf(host: TestHost, limitMs?: number) {
  const search = { pidFiles: host.paths.rsyslogPids, searchAll: false, ...(limitMs === undefined ? {} : { limitMs }) };
  let restarts = 0;
  const configure = createRsyslogConfigurator({
    paths: host.paths,
    restart: async (signal) => {
      restarts += 1;
      await restartRsyslogd(search, host.log, signal);
    },
  });
  return { configure, restarts: () => restarts };
}

describe("the real rsyslogd", { skip: skipWithout("rsyslogd") }, () => {
  it("SVC-32, SVC-41: finds nothing wrong with either file", async (t) => {
    const host = await testHost(t);
    const main = await writeMainConf(host);
    const facts = { paths: host.paths, pgdata: host.root, endpointId: 'e"p\\', projectId: "p\nq" };
    await host.write(
      host.paths.auditConf,
      renderAuditConf({ ...facts, endpoint: { host: "a.test", port: 80, tls: true } }),
    );
    await host.write(host.paths.exportConf, renderExportConf({ host: "2001:db8::5", port: 514 }));
    const { stderr } = await run(findProgram("rsyslogd") ?? "", ["-N1", "-f", main]);
    assert.match(stderr, /End of config validation run/);
    assert.doesNotMatch(stderr, /error/);
  });

  it("SVC-31, SVC-32, SVC-T5: ships audit records, whatever the ids are, the last one too, and says how far it is", async (t) => {
    const host = await testHost(t);
    const receiver = await startReceiver(t);
    const rsyslogd = await keepRsyslogd(host);
    const { configure } = configuratorOf(host);
    const ids = { endpointId: 'ep "1" \\n $x %msg%', projectId: "p'2\n" };
    const endpoint = { host: "127.0.0.1", port: receiver.port, tls: false };
    const audit = renderAuditConf({ ...ids, endpoint, paths: host.paths, pgdata: host.root });
    await configure({ audit, export: null }, { signal: never });
    assert.equal(rsyslogd.starts(), 2);
    const file = await host.write(join(host.root, "log", "audit-1.log"), "");
    await appendFile(
      file,
      [record("06", 'AUDIT: "a" \\ '), "\tits second line\n", record("07", "second"), record("08", "last")].join(""),
    );
    await until("three records", () => receiver.lines().length === 3);
    const messages = receiver.lines().map((line) => {
      const [, json = ""] = /^<174>1 \d{4}-\d\d-\d\dT[\d:.+-]+(?:Z)? \S+ - - - - (\{.*\})$/.exec(line) ?? [];
      return JSON.parse(json);
    });
    assert.deepEqual(Object.keys(messages[0]), ["endpoint_id", "project_id", "msg"]);
    assert.deepEqual([messages[0].endpoint_id, messages[0].project_id], [ids.endpointId, ids.projectId]);
    assert.match(messages[0].msg, /^2031-02-03 04:05:06\.789 GMT,AUDIT: "a" .*its second line$/);
    assert.match(messages[2].msg, /GMT,last$/);
    // SVC-T9: by rsyslogd's own word all of it is shipped, so the file goes without an alarm.
    const cleaner = createAuditCleaner({
      ...{ folder: join(host.root, "log"), stateFolder: host.paths.rsyslogState, log: host.log },
      ...{ onSize: () => {}, now: () => new Date(Date.now() + 16 * 60_000) },
    });
    await until("the file's end", async () => {
      await cleaner();
      return !(await exists(file));
    });
  });

  it("SVC-40, SVC-T6, SVC-T7: passes the server's log on after one restart, not again for the same, and stops when the host goes", async (t) => {
    const host = await testHost(t);
    const receiver = await startReceiver(t);
    const rsyslogd = await keepRsyslogd(host);
    const { configure } = configuratorOf(host);
    const wish = { audit: null, export: renderExportConf({ host: "127.0.0.1", port: receiver.port }) };
    await configure(wish, { signal: never });
    await configure(wish, { signal: never });
    assert.equal(rsyslogd.starts(), 2);
    const say = (text: string) => run("logger", ["--socket", join(host.root, "log-socket"), "--tag", "postgres", text]);
    await until("the socket", () =>
      say("LOG:  hello").then(
        () => true,
        () => false,
      ),
    );
    await until("the line", () => receiver.lines().length > 0);
    assert.match(receiver.lines()[0] ?? "", /^<\d+>1 \S+ \S+ postgres - - - +LOG: {2}hello$/);
    await configure({ audit: null, export: null }, { signal: never });
    assert.equal(await exists(host.paths.exportConf), false);
    assert.equal(rsyslogd.starts(), 3);
  });

  it("SVC-34: both files changed take one restart", async (t) => {
    const host = await testHost(t);
    const rsyslogd = await keepRsyslogd(host);
    const { configure } = configuratorOf(host);
    await configure({ audit: "# a\n", export: "# b\n" }, { signal: never });
    assert.equal(rsyslogd.starts(), 2);
    assert.equal(await readFile(host.paths.auditConf, "utf8"), "# a\n");
  });
});

describe("an rsyslogd that is not there", () => {
  it("SVC-34, SVC-70: is an error that says what is missing, in bounded time", async (t) => {
    const host = await testHost(t);
    await writeMainConf(host);
    const { configure } = configuratorOf(host, 30);
    const done = configure({ audit: "# a\n", export: null }, { signal: never });
    await assert.rejects(done, /rsyslogd was not restarted within 30 ms; no rsyslogd runs: the host's init/);
  });

  it("owes the restart until one works", async (t) => {
    const host = await testHost(t);
    await writeMainConf(host);
    let works = false;
    let restarts = 0;
    const configure = createRsyslogConfigurator({
      paths: host.paths,
      restart: () => {
        restarts += 1;
        return works ? Promise.resolve() : Promise.reject(new Error("no"));
      },
    });
    const wish = { audit: "# a\n", export: null };
    await assert.rejects(configure(wish, { signal: never }), /no/);
    works = true;
    await configure(wish, { signal: never });
    await configure(wish, { signal: never });
    assert.equal(restarts, 2);
  });

  it("SVC-31: restarts for audit once even when its file is as it should be", async (t) => {
    const host = await testHost(t);
    await host.write(host.paths.auditConf, "# a\n");
    let restarts = 0;
    const restart = async (): Promise<void> => {
      restarts += 1;
    };
    const configure = createRsyslogConfigurator({ paths: host.paths, restart });
    await configure({ audit: "# a\n", export: null }, { signal: never });
    await configure({ audit: "# a\n", export: null }, { signal: never });
    assert.equal(restarts, 1);
  });

  it("SVC-70: without its folder is told as not installed", async (t) => {
    const host = await testHost(t);
    const { configure } = configuratorOf(host);
    const done = configure({ audit: null, export: "# b\n" }, { signal: never });
    await assert.rejects(done, /rsyslog is not installed: there is no .*rsyslog\.d/);
    await configure({ audit: null, export: null }, { signal: never });
  });

  it("SVC-T6: is not mistaken for another process that its pid file names by chance", async (t) => {
    const host = await testHost(t);
    await writeMainConf(host);
    const other = await startProgram(host, "/bin/sleep", ["600"]);
    await host.write(host.paths.rsyslogPids[0] ?? "", String(other.pid));
    const { configure } = configuratorOf(host, 30);
    await assert.rejects(configure({ audit: "# a\n", export: null }, { signal: never }), /was not restarted/);
    assert.equal(other.exitCode ?? other.signalCode, null);
  });

  it("SVC-73: below another root is found by its pid file only", async (t) => {
    const host = await testHost(t);
    await writeMainConf(host);
    const stranger = await host.write(join(host.root, "rsyslogd"), "#!/bin/sh\nread line\n", 0o755);
    const child = spawn(stranger, { stdio: ["pipe", "ignore", "ignore"] });
    host.onEnd(() => end(child));
    await until("its name", async () => (await readFile(`/proc/${child.pid}/comm`, "utf8")).trim() === "rsyslogd");
    const { configure } = configuratorOf(host, 30);
    const done = configure({ audit: "# a\n", export: null }, { signal: never });
    await assert.rejects(done, /no rsyslogd runs/);
    assert.equal(child.exitCode ?? child.signalCode, null);
  });

  it("SVC-T6: that will not end is not taken for the new one", { skip: skipWithout("rsyslogd") }, async (t) => {
    const host = await testHost(t);
    // A shell under the name of rsyslogd, deaf to SIGTERM.
    const deaf = await host.write(join(host.root, "rsyslogd"), '#!/bin/sh\ntrap "" TERM\nread line\n', 0o755);
    const child = spawn(deaf, { stdio: ["pipe", "ignore", "ignore"] });
    host.onEnd(() => end(child));
    await until("its name", async () => (await readFile(`/proc/${child.pid}/comm`, "utf8")).trim() === "rsyslogd");
    await until("its deafness", async () =>
      /^SigIgn:\s*\S*4\S{3}$/m.test(await readFile(`/proc/${child.pid}/status`, "utf8")),
    );
    await writeMainConf(host);
    await host.write(host.paths.rsyslogPids[0] ?? "", String(child.pid));
    const { configure } = configuratorOf(host, 60);
    const done = configure({ audit: "# a\n", export: null }, { signal: never });
    await assert.rejects(done, new RegExp(`within 60 ms; process ${child.pid} did not end`));
  });

  it("stops waiting when it is called off", async (t) => {
    const host = await testHost(t);
    await writeMainConf(host);
    const { configure } = configuratorOf(host);
    const done = configure({ audit: "# a\n", export: null }, { signal: AbortSignal.abort(new Error("newer")) });
    await assert.rejects(done, /newer/);
  });
});
