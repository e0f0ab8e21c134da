import assert from "node:assert/strict";
import { chown, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { findProgram, skipWithout, startProgram, type TestHost, testHost, until } from "../support/service-host.ts";
import { realPostgres, wrapPostgres } from "./life/wrapped-postgres.ts";
import type { ComputeProcess } from "./support/compute-process.ts";
import { freePort } from "./support/free-port.ts";
import { withWorld } from "./support/world.ts";

const password = "ferry-desk-19";

async function stateOf(compute: ComputeProcess, service: string): Promise<string | undefined> {
  const { text } = await compute.request("GET", "/metrics", { token: null });
  return new RegExp(`^compute_ctl_service_state\\{service="${service}",state="(\\w+)"\\} 1$`, "m").exec(text)?.[1];
}

/** A real pgbouncer on a host of its own. */
async function startPgbouncer(host: TestHost) {
  const { paths } = host;
  const users = await host.write(join(host.root, "users.txt"), `"postgres" "${password}"\n`);
  const lines = [
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${await freePort()}`,
    "auth_type = plain",
    `auth_file = ${users}`,
    "admin_users = postgres",
    `unix_socket_dir = ${paths.pgbouncerSockets}`,
    `pidfile = ${paths.pgbouncerPid}`,
    "pool_mode = transaction",
    "[databases]",
  ];
  const ini = await host.write(paths.pgbouncerIni.plain, `${lines.join("\n")}\n`, 0o666);
  await host.write(join(paths.pgbouncerSockets, "keep"), "");
  if (process.getuid?.() === 0) await chown(paths.pgbouncerSockets, 65_534, 65_534);
  const child = await startProgram(host, findProgram("pgbouncer") ?? "", [ini], { asNobody: true });
  await until("pgbouncer's pid", async () => (await readFile(paths.pgbouncerPid, "utf8").catch(() => "")) !== "");
  return { child, ini };
}

describe("services beside Postgres", () => {
  it(
    "SVC-10, SVC-20, SVC-60: pgbouncer and local_proxy follow the spec at start and reconfigure, and the end",
    {
      skip: skipWithout("pgbouncer"),
    },
    (t) =>
      withWorld({}, async (world) => {
        const host = await testHost(t);
        const { child, ini } = await startPgbouncer(host);
        await host.write(join(host.root, "etc/local_proxy/keep"), "");
        const spec = (mode: string) => ({
          pgbouncer_settings: { pool_mode: mode },
          local_proxy_config: { jwks: null },
        });
        const compute = await world.start({
          config: world.config({ spec: spec("session") }),
          args: ["--host-root", host.root],
          env: { PGBOUNCER_PASSWORD: password },
        });
        await compute.waitFor("running");
        await until("pgbouncer's settings", async () => (await stateOf(compute, "pgbouncer")) === "configured");
        assert.match(await readFile(ini, "utf8"), /^pool_mode = session$/m);
        assert.equal(await readFile(host.paths.localProxyConfig, "utf8"), "{}");
        assert.equal(await stateOf(compute, "local_proxy"), "configured");
        assert.equal(await stateOf(compute, "rsyslog"), undefined, "nobody asked for it");

        const reply = await compute.request("POST", "/configure", { body: world.config({ spec: spec("statement") }) });
        assert.equal(reply.status, 200, reply.text);
        await until("the new settings", async () => /^pool_mode = statement$/m.test(await readFile(ini, "utf8")));
        assert.equal(child.signalCode, null);
        await compute.request("POST", "/terminate?mode=immediate");
        await until("the end of pgbouncer", () => child.signalCode === "SIGKILL");
        assert.equal((await compute.exited).code, 0);
        assert.doesNotMatch(compute.log(), new RegExp(password), "SVC-T1");
      }),
  );

  it(
    "SVC-61, SVC-T8: --dev leaves pgbouncer alone, on signals and on /terminate",
    { skip: skipWithout("pgbouncer") },
    (t) =>
      withWorld({}, async (world) => {
        const host = await testHost(t);
        const { child } = await startPgbouncer(host);
        for (const how of ["signal", "terminate"] as const) {
          const compute = await world.start({ config: world.config(), args: ["--dev", "--host-root", host.root] });
          await compute.waitFor("running");
          if (how === "signal") compute.signal("SIGTERM");
          else await compute.request("POST", "/terminate?mode=immediate");
          await compute.exited;
          assert.equal(child.signalCode ?? child.exitCode, null, how);
        }
      }),
  );

  it("SVC-70, FIELD-4: none of them installed is a warning each, and the start goes on", (t) =>
    withWorld({}, async (world) => {
      const host = await testHost(t);
      const spec = {
        pgbouncer_settings: { pool_mode: "session" },
        local_proxy_config: { jwks: null },
        logs_export_host: "otel.reef.test:514",
      };
      const compute = await world.start({ config: world.config({ spec }), args: ["--host-root", host.root] });
      await compute.waitFor("running");
      await compute.waitForLog(
        /ERROR.*could not configure pgbouncer: cannot set spec\.pgbouncer_settings: there is no /,
      );
      await compute.waitForLog(/WARN.*could not configure local_proxy: local_proxy is not installed/);
      await compute.waitForLog(/WARN.*could not configure rsyslog: rsyslog is not installed/);
      await until("their states", async () => (await stateOf(compute, "rsyslog")) === "failed");
    }));

  it("SVC-40, SVC-72, SVC-T4: a log export that cannot be understood fails the start, and names its field", (t) =>
    withWorld({}, async (world) => {
      const host = await testHost(t);
      const config = world.config({ spec: { logs_export_host: "otel:1:2" } });
      const compute = await world.start({ config, args: ["--host-root", host.root] });
      await compute.waitForLog(/could not start the compute node: spec\.logs_export_host "otel:1:2" cannot be used/);
      assert.equal((await compute.exited).code, 1);
    }));

  it("SVC-30, SVC-T3: audit records without an address, or with a bad one, fail the start", (t) =>
    withWorld({}, async (world) => {
      const host = await testHost(t);
      const pgbin = await wrapPostgres(world, {
        postgres: `exec ${realPostgres(world)} "$@"\n`,
        libraries: ["pgaudit", "pgauditlogtofile"],
      });
      const config = world.config({ spec: { audit_log_level: "Full" } });
      for (const { env, reason } of [
        { env: {}, reason: /AUDIT_LOGGING_ENDPOINT and AUDIT_LOGGING_TLS_ENDPOINT are both empty/ },
        { env: { AUDIT_LOGGING_ENDPOINT: "otel" }, reason: /AUDIT_LOGGING_ENDPOINT cannot be used: it has no port/ },
        { env: { AUDIT_LOGGING_ENDPOINT: "otel:80" }, reason: /rsyslog is not installed: there is no / },
      ]) {
        const compute = await world.start({ config, pgbin, env, args: ["--host-root", host.root] });
        await compute.waitForLog(reason);
        assert.equal((await compute.exited).code, 1);
      }
    }));

  it("SVC-50, SVC-51: swap and quota act before Postgres starts, and a failure of theirs fails the start", (t) =>
    withWorld({}, async (world) => {
      const host = await testHost(t);
      const { paths } = host;
      await host.write(paths.sudo, `#!/bin/sh\necho "$@" >> ${host.root}/asked\nexec "$@"\n`, 0o755);
      await host.write(paths.resizeSwap, '#!/bin/sh\nrm -- "$0"\n', 0o755);
      await host.write(paths.setDiskQuota, "#!/bin/sh\nexit 0\n", 0o755);
      const config = world.config({ spec: { swap_size_bytes: 4096, disk_quota_bytes: 5_000_000 } });
      const args = ["--host-root", host.root, "--resize-swap-on-bind", "--set-disk-quota-for-fs", "/var"];
      const env = { PATH: process.env["PATH"] };
      const first = await world.start({ config, args, env });
      await first.waitFor("running");
      const asked = (await readFile(join(host.root, "asked"), "utf8")).trim().split("\n");
      assert.deepEqual(asked.toSorted(), [`${paths.resizeSwap} --once 4096`, `${paths.setDiskQuota} 4882 /var`]);
      await assert.rejects(stat(paths.resizeSwap), { code: "ENOENT" });
      first.signal("SIGTERM");
      await first.exited;

      await host.write(paths.setDiskQuota, "#!/bin/sh\necho no such file system >&2\nexit 4\n", 0o755);
      const second = await world.start({ config, args, env });
      await second.waitForLog(
        /could not run `\S+sudo \S+set-disk-quota 4882 \/var`: exit status 4: no such file system/,
      );
      assert.match(second.log(), /resize-swap is gone, so an earlier run has done it/);
      assert.equal((await second.exited).code, 1);
    }));

  it("LIFE-61, SVC-70: a VM compute without cgexec says what is missing", (t) =>
    withWorld({}, async (world) => {
      const host = await testHost(t);
      const args = ["--host-root", host.root, "--vm-monitor-addr", "127.0.0.1:0"];
      const env = { AUTOSCALING: "", PATH: "/bin:/usr/bin" };
      const compute = await world.start({
        config: world.config(),
        args,
        env,
      });
      await compute.waitForLog(/cgexec is not in PATH \(.*\), but AUTOSCALING is set/);
      assert.equal((await compute.exited).code, 1);
    }));
});
