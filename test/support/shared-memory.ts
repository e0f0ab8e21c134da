import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

const folder = "/dev/shm";
/** One that is younger may be about to be mapped. */
const ageMsMin = 1_000;

/**
 * Removes the segments of shared memory that Postgres servers have made since a moment, in milliseconds since 1970, and that no
 * process uses any more: a server that a test kills cannot remove them itself.
 */
export function removeAbandonedSegments(sinceMs: number): void {
  const found = readdirSync(folder)
    .filter((name) => /^PostgreSQL\.\d+$/.test(name))
    .map((name) => join(folder, name));
  const ours = found.filter((path) => {
    const madeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return madeMs >= sinceMs && Date.now() - madeMs >= ageMsMin;
  });
  const maps = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => textOf(`/proc/${name}/maps`));
  for (const path of ours) {
    if (!maps.some((text) => text.includes(path))) rmSync(path, { force: true });
  }
}

/** Empty when the process is gone, or somebody else's: then its segments are, too, and cannot be removed by us. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
