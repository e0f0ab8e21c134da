import assert from "node:assert/strict";
import { chmod, mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import {
  findProgram,
  skipWithout,
  startProgram,
  type TestHost,
  testHost,
  until,
} from "../../../test/support/service-host.ts";
import { configureLocalProxy, LocalProxyMissingError, stopLocalProxy } from "./configure-local-proxy.ts";

function portsOf({ log, paths }: TestHost) {
  return { log, config: paths.localProxyConfig, pidFile: paths.localProxyPid };
}

/** Like local_proxy: holds the lock of its pid file, writes its pid there, and reads its config on SIGHUP. */
const double = `
const fs = require("node:fs");
const [pidFile, config, seen] = process.argv.slice(1);
process.on("SIGHUP", () => fs.writeFileSync(seen, fs.readFileSync(config)));
fs.writeFileSync(pidFile, String(process.pid));
setInterval(() => {}, 60000);
`;

async function startDouble(host: TestHost) {
  const { localProxyPid: pidFile, localProxyConfig: config } = host.paths;
  const seen = join(host.root, "seen.json");
  await mkdir(dirname(pidFile), { recursive: true });
  const command = [process.execPath, "-e", double, pidFile, config, seen];
  const child = await startProgram(host, findProgram("flock") ?? "", ["--no-fork", "--exclusive", pidFile, ...command]);
  await until("the pid of local_proxy", async () => (await readFile(pidFile, "utf8").catch(() => "")) !== "");
  return { child, seen };
}

describe("configureLocalProxy", () => {
  it("SVC-20: writes the config, and has one that holds the lock read it", {
    skip: skipWithout("flock"),
  }, async (t) => {
    const host = await testHost(t);
    const { seen } = await startDouble(host);
    await configureLocalProxy('{"a": 1}', portsOf(host));
    await until("the reload", async () => (await readFile(seen, "utf8").catch(() => "")) !== "");
    assert.equal(await readFile(seen, "utf8"), '{"a": 1}');
    assert.equal((await stat(host.paths.localProxyConfig)).mode & 0o777, 0o644);
  });

  it("SVC-20: signals nobody whose pid file is not locked, and leaves the file", async (t) => {
    const host = await testHost(t);
    // SIGHUP would end it.
    const other = await startProgram(host, "/bin/sleep", ["600"]);
    await host.write(host.paths.localProxyPid, String(other.pid));
    await configureLocalProxy("{}", portsOf(host));
    await stopLocalProxy(portsOf(host));
    assert.equal(other.exitCode ?? other.signalCode, null);
    assert.equal(await readFile(host.paths.localProxyPid, "utf8"), String(other.pid), "SVC-22");
    assert.match(host.lines.join("\n"), /local_proxy does not run yet/);
  });

  it("SVC-70: tells that it is not installed, by an error of its own", async (t) => {
    const host = await testHost(t);
    await assert.rejects(configureLocalProxy("{}", portsOf(host)), (error: Error) => {
      assert.ok(error instanceof LocalProxyMissingError);
      assert.match(error.message, /not installed: there is no .*\/etc\/local_proxy/);
      return true;
    });
  });

  it("names the file that it cannot write", {
    skip: process.getuid?.() === 0 ? "root may write everywhere" : false,
  }, async (t) => {
    const host = await testHost(t);
    await host.write(host.paths.localProxyPid, "");
    await chmod(dirname(host.paths.localProxyPid), 0o500);
    host.onEnd(() => chmod(dirname(host.paths.localProxyPid), 0o755));
    await assert.rejects(configureLocalProxy("{}", portsOf(host)), /cannot write .*config\.json/);
  });
});

describe("stopLocalProxy", () => {
  it("SVC-60: ends the one that holds the lock", { skip: skipWithout("flock") }, async (t) => {
    const host = await testHost(t);
    const { child } = await startDouble(host);
    await stopLocalProxy(portsOf(host));
    await until("the end of local_proxy", () => child.signalCode === "SIGTERM");
  });

  it("SVC-60: does nothing without a pid file", async (t) => {
    const host = await testHost(t);
    await stopLocalProxy(portsOf(host));
    assert.deepEqual(host.lines, []);
  });
});
