import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../src/base/log.ts";
import { recordingLog } from "../../src/http/test-support.ts";
import { type HostPaths, hostPaths } from "../../src/services/host-paths.ts";

/** A host of a test's own: a folder with the paths of chapter 04 below it, and a log that is kept. */
export interface TestHost {
  readonly root: string;
  readonly paths: HostPaths;
  readonly log: Log;
  /** What was logged, as `level message`. */
  readonly lines: readonly string[];
  /** Lets go of something when the test ends, the last first, before the folder is removed. */
  onEnd(release: () => Promise<void>): void;
  /** Writes a file, with the folders it needs. */
  write(path: string, text: string, mode?: number): Promise<string>;
}

/** Makes a host that is gone when the test ends. */
export async function testHost(t: TestContext): Promise<TestHost> {
  const root = await mkdtemp(join(tmpdir(), "compute-ctl-host-"));
  await chmod(root, 0o755);
  const releases: (() => Promise<void>)[] = [];
  t.after(async () => {
    // What writes into the folder ends before the folder does.
    for (const release of releases.toReversed()) await release();
    await rm(root, { recursive: true, force: true });
  });
  const { log, lines } = recordingLog();
  return {
    root,
    paths: hostPaths(root),
    log,
    lines,
    onEnd: (release) => void releases.push(release),
    async write(path, text, mode = 0o644) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
      await chmod(path, mode);
      return path;
    },
  };
}

/** Where a program of Debian's is; undefined when it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Why a test is skipped that needs a program; false when it is there. */
export function skipWithout(name: string): string | false {
  return findProgram(name) === undefined ? `${name} is not installed (.ci/install-programs brings it)` : false;
}

/** Starts a program, as user nobody if it would be root and must not; it is gone when the test ends. */
export async function startProgram(
  host: TestHost,
  file: string,
  args: readonly string[],
  { asNobody = false }: { readonly asNobody?: boolean } = {},
): Promise<ChildProcess> {
  const nobody = asNobody && process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(file, args, { stdio: "ignore", ...nobody });
  await once(child, "spawn");
  host.onEnd(() => end(child));
  return child;
}

/** Ends a program and waits until it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

const untilMsMax = 20_000;

/** Waits until something is so. @throws Error when it is not so in time */
export async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpAt = performance.now() + untilMsMax;
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(`${what} did not come about within ${untilMsMax} ms`);
    await delay(10);
  }
}

/** A signal that never fires. */
export const never = new AbortController().signal;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
