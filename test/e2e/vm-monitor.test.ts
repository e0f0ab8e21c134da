import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { mib } from "../../src/vm-monitor/sizes.ts";
import { dial } from "../vm-monitor/agent-double.ts";
import { makeCgroupFolder } from "../vm-monitor/cgroup-folder.ts";
import { startLfcStub } from "../vm-monitor/lfc-stub.ts";
import { runMark } from "./support/world.ts";

const program = join(import.meta.dirname, "../../bin/vm-monitor");
const gib = 1024 * mib;

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  stderr(): string;
  /** The first match in its log; fails when it ends without one. */
  logged(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts the program; it is gone when the test ends. */
function start(t: TestContext, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const mark = process.env[runMark];
  const marked = mark === undefined ? env : { ...env, [runMark]: mark };
  const child = spawn(program, args, { env: marked, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  let changed = Promise.withResolvers<void>();
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
    tell();
  });
  const exited = once(child, "close").then(([code]) => {
    tell();
    return code;
  });
  t.after(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return {
    child,
    exited,
    stderr: () => text,
    logged: async (pattern) => {
      for (;;) {
        const found = pattern.exec(text);
        if (found !== null) return found;
        assert.equal(child.exitCode, null, `it ended before its log matched ${pattern}:\n${text}`);
        await changed.promise;
      }
    },
  };
}

async function addressOf(running: Running): Promise<string> {
  const [, address = ""] = await running.logged(/the vm-monitor listens at ([\d.]+:\d+)/);
  return `ws://${address}/monitor`;
}

describe("vm-monitor as a program of its own (VM-3)", () => {
  it("VM-3: serves an agent by its flags, logs JSON without the password (trap 15), ends with 0 on a signal", async (t) => {
    const [cgroup, lfc] = [await makeCgroupFolder(), await startLfcStub()];
    t.after(async () => {
      lfc.close();
      await cgroup.remove();
    });
    const running = start(t, [
      ...["-a", "127.0.0.1:0", "-c", cgroup.name, "--cgroup-root", cgroup.places.root],
      ...["-p", `host=127.0.0.1 port=${lfc.port} user=u password=hunter2 dbname=d`],
    ]);
    const agent = await dial(await addressOf(running));
    assert.deepEqual(agent.greeted, { version: 1 });
    assert.equal((await agent.upscale(8 * gib)).type, "UpscaleConfirmation");
    assert.deepEqual(lfc.changes.slice(-2), ["limit = 6069", "reload"]);
    assert.equal((await agent.downscale(64 * mib)).Ok, false);
    running.child.kill("SIGTERM");
    assert.deepEqual(await agent.closed, { code: 1001, reason: "the vm-monitor is shutting down" });
    assert.equal(await running.exited, 0);
    assert.doesNotMatch(running.stderr(), /hunter2/);
    for (const line of running.stderr().trimEnd().split("\n")) assert.ok("level" in JSON.parse(line), line);
  });

  it("VM-3: works with neither (trap 10), and as quietly as RUST_LOG says", async (t) => {
    const quiet = start(t, ["--addr", "127.0.0.1:0"], { RUST_LOG: "off" });
    const loud = start(t, ["--addr", "127.0.0.1:0"]);
    const agent = await dial(await addressOf(loud));
    assert.equal((await agent.downscale(64 * mib)).Ok, true);
    for (const running of [loud, quiet]) running.child.kill("SIGINT");
    // Before its handlers are in place a signal ends it as it ends any program.
    assert.equal(await loud.exited, 0);
    await quiet.exited;
    assert.equal(quiet.stderr(), "");
  });

  it("VM-3: ends with 1 when it cannot listen, with 2 for a command line that cannot be used, with 0 after --help", async (t) => {
    const first = start(t, ["-a", "127.0.0.1:0"]);
    const [, taken = ""] = await first.logged(/listens at ([\d.]+:\d+)/);
    const second = start(t, ["-a", taken]);
    assert.equal(await second.exited, 1);
    assert.match(second.stderr(), /cannot start the vm-monitor: .*EADDRINUSE/);
    const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
      [[], /'--addr <IP:PORT>' is required/],
      [["-a", "localhost:1"], /is an IP address and a port/],
      [["-a", "127.0.0.1:0", "-p", "hunter2"], /invalid value for '--pgconnstr'/],
      [["-a", "127.0.0.1:0", "--allow", "localhost"], /'localhost' is neither an IP address nor a network/],
      [["-a", "127.0.0.1:0", "--nonsense"], /unexpected argument/],
    ];
    for (const [args, says] of wrong) {
      const running = start(t, args);
      assert.equal(await running.exited, 2, args.join(" "));
      assert.match(running.stderr(), says);
      assert.doesNotMatch(running.stderr(), /hunter2/);
    }
    assert.equal(await start(t, ["--help"]).exited, 0);
    assert.equal(await start(t, ["--version"]).exited, 0);
  });
});
