import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { World } from "../bench-world.ts";
import type { Measurements } from "../measures.ts";
import { median } from "../statistics.ts";

const run = promisify(execFile);
const syncProcess = fileURLToPath(new URL("./sync-process.ts", import.meta.url));
/** The program, too, runs from a cache of compiled code; the round that warms up fills it. */
const cacheFolder = fileURLToPath(new URL("../../../node_modules/.cache/compute_ctl", import.meta.url));
const syncMsMax = 60_000;
const times = 21;

/** The check and the sync one after the other, by a process of their own, again and again. */
export async function measureSync(world: World): Promise<Measurements> {
  const file = join(world.folder, "sync.json");
  await writeFile(file, world.config, { mode: 0o600 });
  const args = [syncProcess, file, String(times)];
  const env = { ...process.env, NODE_COMPILE_CACHE: cacheFolder, NODE_COMPILE_CACHE_PORTABLE: "1" };
  const { stdout } = await run(process.execPath, args, { signal: world.signal, timeout: syncMsMax, env });
  const [first, ...later] = stdout.trim().split("\n").map(readLine);
  if (first === undefined || later.length !== times - 1) throw new Error(`the syncs told ${JSON.stringify(stdout)}`);
  return {
    firstCheckMs: first.checkMs,
    firstSyncMs: first.syncMs,
    firstCheckAndSyncMs: first.checkMs + first.syncMs,
    checkAndSyncMs: median(later.map(({ checkMs, syncMs }) => checkMs + syncMs)),
  };
}

function readLine(line: string): { readonly checkMs: number; readonly syncMs: number } {
  const [checkMs = Number.NaN, syncMs = Number.NaN] = line.split(" ").map(Number);
  if (Number.isNaN(checkMs + syncMs)) throw new Error(`a sync told ${JSON.stringify(line)}`);
  return { checkMs, syncMs };
}
