import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the run of one test file may write, which is its `TMPDIR`. */
export interface TemporaryFolder {
  readonly path: string;
  /** Removes it; returns the names of what was left in it. */
  remove(): Promise<readonly string[]>;
}

/** Of Node itself, in whatever folder it is told to use. */
const notOurs: ReadonlySet<string> = new Set(["node-compile-cache"]);

/** Makes a folder that every user of this machine may enter; its path is short, as those of sockets below it have to be. */
export async function makeTemporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), "t-"));
  await chmod(path, 0o755);
  return {
    path,
    remove: async () => {
      const left = (await readdir(path)).filter((name) => !notOurs.has(name));
      await rm(path, { recursive: true, force: true });
      return left.toSorted();
    },
  };
}
