import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../..", import.meta.url));
const inNamespace = ["--pid", "--fork", "--kill-child", "--mount-proc"];

/** Stands in for the program: does what its first argument says, and tells on stdout what it sees. */
const standIn = `
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

function stat(pid: string): string {
  try { return readFileSync("/proc/" + pid + "/stat", "utf8"); } catch { return ""; }
}
const stateOf = (pid: string): string => stat(pid).split(" ")[2] ?? "gone";
const say = (value: unknown): void => console.log(JSON.stringify(value));

// Neither a handler nor a promise keeps a process alive.
const alive = setInterval(() => {}, 1_000);
const [what, ...rest] = process.argv.slice(2);
if (what === "orphans") {
  const pids = Array.from({ length: 5 }, () =>
    spawnSync("/bin/sh", ["-c", "sleep 0.3 >/dev/null 2>&1 & echo $!"], { encoding: "utf8" }).stdout.trim());
  say({ adopted: pids.filter((pid) => stat(pid).split(" ")[3] === "1").length });
  while (pids.some((pid) => stateOf(pid) !== "Z" && stateOf(pid) !== "gone")) await delay(20);
  for (let tries = 0; tries < 25 && pids.some((pid) => stateOf(pid) === "Z"); tries += 1) await delay(20);
  say({ zombies: pids.filter((pid) => stateOf(pid) === "Z").length });
} else if (what === "signals") {
  for (const name of rest) {
    const heard = new Promise((resolve) => process.once(name, resolve));
    process.kill(1, name as NodeJS.Signals);
    say(await heard);
  }
  process.exit(42);
} else if (what === "terminal") {
  let heard = 0;
  process.on("SIGINT", () => { heard += 1; });
  say("ready");
  while (heard === 0) await delay(10);
  await delay(200);
  say({ heard });
} else if (what === "killed") {
  process.kill(process.pid, "SIGKILL");
  await delay(60_000);
} else if (what === "input") {
  say({ pid: process.pid, rest, input: readFileSync(0, "utf8") });
}
clearInterval(alive);
`;

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), "pid-one-"));
  await Promise.all([mkdir(join(root, "src")), mkdir(join(root, "node_modules"))]);
  await writeFile(join(root, "src/main.ts"), standIn);
  await cp(join(project, "bin"), join(root, "bin"), { recursive: true });
  const node = `node_modules/node-linux-${process.arch}`;
  await symlink(join(project, node), join(root, node));
});
after(() => rm(root, { recursive: true, force: true }));

interface Ended {
  readonly pid: number | undefined;
  readonly code: number | null;
  readonly said: readonly unknown[];
}

async function finish(child: ChildProcess, input = ""): Promise<Ended> {
  let stdout = "";
  child.stdout?.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stdin?.end(input);
  await once(child, "close");
  const said = stdout.split("\n").filter((line) => line !== "");
  return { pid: child.pid, code: child.exitCode, said: said.map((line): unknown => JSON.parse(line)) };
}

/** Runs a command as process 1 of a namespace of its own. */
function asFirst(command: readonly string[], input?: string): Promise<Ended> {
  return finish(spawn("/usr/bin/unshare", [...inNamespace, ...command], { stdio: ["pipe", "pipe", "inherit"] }), input);
}

const skip =
  spawnSync("/usr/bin/unshare", [...inNamespace, "true"]).status === 0
    ? false
    : "PID namespaces need root and util-linux";

describe("bin/compute_ctl as process 1", { skip }, () => {
  const bin = (): string => join(root, "bin/compute_ctl");

  it("LIFE-64: reaps the orphans that it is given", async () => {
    const { code, said } = await asFirst([bin(), "orphans"]);
    assert.deepEqual([code, said], [0, [{ adopted: 5 }, { zombies: 0 }]]);
  });

  it("is needed for that: without it, they stay", async () => {
    const { said } = await asFirst([process.execPath, join(root, "src/main.ts"), "orphans"]);
    assert.deepEqual(said, [{ adopted: 5 }, { zombies: 5 }]);
  });

  it("passes signals on, one by one, and ends with the program's code", async () => {
    const signals = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGTERM"];
    const { code, said } = await asFirst([bin(), "signals", ...signals]);
    assert.deepEqual([code, said], [42, signals]);
  });

  it("LIFE-36: makes one signal of a Ctrl-C in a terminal, for a second one means at once", {
    skip: spawnSync("/usr/bin/script", ["--version"]).status === 0 ? false : "script (of util-linux) is not installed",
  }, async () => {
    const command = ["unshare", ...inNamespace, bin(), "terminal"].join(" ");
    const child = spawn("/usr/bin/script", ["--quiet", "--command", command, "/dev/null"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    let shown = "";
    for await (const chunk of child.stdout) {
      if (shown === "") child.stdin.write("\u0003");
      shown += chunk;
    }
    assert.match(shown, /"ready".*"heard":1/s);
  });

  it("ends as shells do when a signal ended the program", async () => {
    assert.equal((await asFirst([bin(), "killed"])).code, 128 + 9);
  });

  it("passes on arguments and standard input", async () => {
    const { code, said } = await asFirst([bin(), "input", "a b", "", "*"], "hello");
    assert.equal(code, 0);
    assert.deepEqual(
      said.map((line) => ({ ...Object(line), pid: 0 })),
      [{ pid: 0, rest: ["a b", "", "*"], input: "hello" }],
    );
  });
});

describe("bin/compute_ctl as any other process", () => {
  it("becomes the program", async () => {
    const child = spawn(join(root, "bin/compute_ctl"), ["input"], { stdio: ["pipe", "pipe", "inherit"] });
    const { code, said } = await finish(child, "hello");
    assert.deepEqual([code, said], [0, [{ pid: child.pid, rest: [], input: "hello" }]]);
  });
});
