import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { never, testHost, until } from "../../../test/support/service-host.ts";
import { hostCommands } from "../host-commands.ts";
import { requireCgexec } from "./find-cgexec.ts";
import { runHostCommand } from "./run-host-command.ts";

/** A host whose `sudo` notes what it was asked for and then does what it was asked for. */
async function hostWithTools(t: TestContext, tool: string) {
  const host = await testHost(t);
  const { paths } = host;
  await host.write(paths.sudo, `#!/bin/sh\necho "$@" >> ${host.root}/asked\nexec "$@"\n`, 0o755);
  await host.write(paths.resizeSwap, `#!/bin/sh\n${tool}\n`, 0o755);
  await host.write(paths.setDiskQuota, `#!/bin/sh\n${tool}\n`, 0o755);
  const wishes = { swapSizeBytes: 1024n, diskQuotaBytes: 5_000_000n };
  const [swap, quota] = hostCommands(wishes, { resizeSwap: true, quotaMount: "/var" }, paths);
  assert.ok(swap !== undefined && quota !== undefined);
  const env = { PATH: process.env["PATH"] ?? "" };
  return { host, swap, quota, ports: { log: host.log, env }, asked: () => readFile(join(host.root, "asked"), "utf8") };
}

describe("runHostCommand", () => {
  it("SVC-50, SVC-51: runs the tool through sudo, and logs what it says", async (t) => {
    const { host, swap, quota, ports, asked } = await hostWithTools(t, 'echo "done: $*"');
    await runHostCommand(swap, ports, never);
    await runHostCommand(quota, ports, never);
    const { resizeSwap, setDiskQuota } = host.paths;
    assert.equal(await asked(), `${resizeSwap} --once 1024\n${setDiskQuota} 4882 /var\n`);
    assert.ok(host.lines.includes("info swap: done: --once 1024"));
  });

  it("SVC-50, SVC-51: a failure names the command line, the exit status and what the tool said", async (t) => {
    const { host, swap, quota, ports } = await hostWithTools(t, "echo no room >&2; exit 3");
    for (const command of [swap, quota]) {
      await assert.rejects(runHostCommand(command, ports, never), (error: Error) => {
        assert.equal(error.message, `could not run \`${host.paths.sudo} ${command.args.join(" ")}\``);
        assert.match(String(error.cause), /exit status 3: no room/);
        return true;
      });
    }
  });

  it("SVC-50: a missing swap script is fine, as it removes itself; a missing quota script is not", async (t) => {
    const { host, swap, quota, ports } = await hostWithTools(t, "exit 0");
    await rm(host.paths.resizeSwap);
    await rm(host.paths.setDiskQuota);
    await runHostCommand(swap, ports, never);
    assert.match(host.lines.join("\n"), /warn could not run .*resize-swap is gone, so an earlier run has done it/);
    await assert.rejects(runHostCommand(quota, ports, never), /could not run/);
  });

  it("SVC-70: a missing sudo fails, also without the swap script", async (t) => {
    const { host, swap, ports } = await hostWithTools(t, "exit 0");
    await rm(host.paths.resizeSwap);
    await rm(host.paths.sudo);
    await assert.rejects(runHostCommand(swap, ports, never), (error: Error) => /ENOENT/.test(String(error.cause)));
  });

  it("LIFE-8: is gone when it was called off", async (t) => {
    const { host, swap, ports } = await hostWithTools(t, 'echo $$ > "$(dirname "$0")/pid"; exec sleep 600');
    const off = new AbortController();
    const running = runHostCommand(swap, ports, off.signal);
    const pidFile = join(host.root, "neonvm/bin/pid");
    await until("the tool", async () => (await readFile(pidFile, "utf8").catch(() => "")) !== "");
    off.abort(new Error("the start failed"));
    await assert.rejects(running, /the start failed/);
    const pid = Number(await readFile(pidFile, "utf8"));
    assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  });
});

describe("requireCgexec", () => {
  it("LIFE-61: is content with cgexec in any folder of PATH", async (t) => {
    const host = await testHost(t);
    await host.write(join(host.root, "bin/cgexec"), "", 0o755);
    await requireCgexec("neon-postgres", `/nowhere::${host.root}/bin`);
  });

  it("SVC-70, LIFE-61: says what is missing, why it is needed, and what to do", async (t) => {
    const host = await testHost(t);
    await host.write(join(host.root, "bin/cgexec"), "", 0o644);
    await assert.rejects(
      requireCgexec("neon-postgres", `${host.root}/bin`),
      /^ServiceError: cgexec is not in PATH \(.*\), but AUTOSCALING is set: .*memory group neon-postgres\. Install it/,
    );
  });
});
