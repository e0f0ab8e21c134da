import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const inNamespace = ["--pid", "--fork", "--kill-child", "--mount-proc"];
const reaper = new URL("../../src/supervisor/do/reap-orphans.ts", import.meta.url).href;
const bin = fileURLToPath(new URL("../../bin/compute_ctl", import.meta.url));

interface First {
  readonly reaps: boolean;
  /** Whether children of its own end all the time. */
  readonly isBusy?: boolean;
}

/** Makes five orphans as process 1, has a child of its own meanwhile, and tells what became of all of them. */
const firstProcess = ({ reaps, isBusy = false }: First): string => `
const { spawnSync, spawn } = await import("node:child_process");
const { once } = await import("node:events");
const { readFileSync } = await import("node:fs");
const { setTimeout: delay } = await import("node:timers/promises");
const stat = (pid) => { try { return readFileSync("/proc/" + pid + "/stat", "utf8").split(" "); } catch { return []; } };
if (${reaps}) await (await import(${JSON.stringify(reaper)})).reapOrphans({ warn: console.error, debug() {} });
if (${isBusy}) setInterval(() => spawn("/bin/true", { stdio: "ignore" }), 100);
const pids = Array.from({ length: 5 }, () =>
  spawnSync("/bin/sh", ["-c", "sleep 0.3 >/dev/null 2>&1 & echo $!"], { encoding: "utf8" }).stdout.trim());
const adopted = pids.filter((pid) => stat(pid)[3] === "1").length;
const child = spawn("/bin/sh", ["-c", "sleep 0.6; exit 7"]);
const [code] = await once(child, "exit");
const zombies = () => pids.filter((pid) => stat(pid)[2] === "Z").length;
for (let tries = 0; tries < 200 && zombies() > 0 && ${reaps}; tries += 1) await delay(20);
console.log(JSON.stringify({ adopted, zombies: zombies(), code }));
process.exit(0);
`;

/** Runs a command as process 1 of a namespace of its own, and returns what it printed. */
async function asFirst(command: readonly string[]): Promise<string> {
  const child = spawn("/usr/bin/unshare", [...inNamespace, ...command], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
  });
  await once(child, "close");
  return said;
}

const run = async (first: First): Promise<unknown> => {
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", "--input-type=module"];
  return JSON.parse(await asFirst([...node, "-e", firstProcess(first)]));
};

const skip =
  spawnSync("/usr/bin/unshare", [...inNamespace, "true"]).status === 0
    ? false
    : "PID namespaces need root and util-linux";

describe("process 1", { skip }, () => {
  it("LIFE-64: reaps the orphans that it is given, and leaves Node its own children", async () => {
    assert.deepEqual(await run({ reaps: true }), { adopted: 5, zombies: 0, code: 7 });
  });

  it("LIFE-64: reaps them also while children of its own end all the time", async () => {
    assert.deepEqual(await run({ reaps: true, isBusy: true }), { adopted: 5, zombies: 0, code: 7 });
  });

  it("has to do so itself: without it, they stay", async () => {
    assert.deepEqual(await run({ reaps: false }), { adopted: 5, zombies: 5, code: 7 });
  });

  it("can be bin/compute_ctl, which becomes the program", async () => {
    assert.match(await asFirst([bin, "--version"]), /^compute_ctl \d/);
  });
});
