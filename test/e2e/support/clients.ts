import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ComputeProcess } from "./compute-process.ts";
import { computeCtl, type World } from "./world.ts";

/*
 * What the clients of chapter 09 do that a test does not do otherwise.
 */

/** Asks `/readyz`, without a token, until the compute is ready. The file's own time limit ends it when it never is. */
export async function untilReady(compute: ComputeProcess): Promise<void> {
  for (;;) {
    const reply = await compute.request("GET", "/readyz", { token: null }).catch(() => undefined);
    if (reply?.status === 200) return;
    await delay(50);
  }
}

/** Writes a program into the world's folder and returns its path. */
export async function writeProgram(world: World, name: string, text: string): Promise<string> {
  const bin = world.path("bin");
  await mkdir(bin, { mode: 0o755, recursive: true });
  const path = join(bin, name);
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

/** As many images start it: bash stays in between, waits, and passes no signal on. */
export function bashEntrypoint(world: World): Promise<string> {
  return writeProgram(world, "entrypoint.sh", `#!/bin/bash\n"${computeCtl}" "$@"\nexit $?\n`);
}
