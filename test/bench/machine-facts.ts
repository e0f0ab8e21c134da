import { execFile } from "node:child_process";
import { statfs } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { World } from "./bench-world.ts";

const run = promisify(execFile);
const toolMsMax = 60_000;

/** The file systems that a temporary folder is mostly on, by their magic numbers. */
const fileSystems = new Map([
  [0xef53, "ext4"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0x01021994, "tmpfs, not a disk"],
  [0x794c7630, "overlay"],
]);

/** What the data directories of one round take at most. */
const roundBytesMax = 300 * 2 ** 20;

/**
 * Makes sure that a folder has room for all rounds.
 * @throws Error that says what to do when it has not
 */
export async function requireSpace(folder: string, rounds: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const wanted = rounds * roundBytesMax;
  if (bavail * bsize >= wanted) return;
  const gib = (bytes: number): string => (bytes / 2 ** 30).toFixed(1);
  throw new Error(
    `${folder} has ${gib(bavail * bsize)} GiB free, but ${rounds} rounds may take ${gib(wanted)} GiB: ` +
      "ask for fewer by --runs, or set TMPDIR to a folder with more",
  );
}

/** What one has to know about a benchmark's place to make sense of its figures, one fact each. */
export async function describeMachine(world: World, archiveBytes: number): Promise<readonly string[]> {
  const { folder, archiveFile, storage, signal } = world;
  const limits = { signal, timeout: toolMsMax };
  const postgres = await run(join(storage.postgres.bindir, "postgres"), ["--version"], limits);
  const members = await run("tar", ["tzf", archiveFile], { ...limits, maxBuffer: 1 << 24 });
  const { type } = await statfs(folder);
  return [
    new Date().toISOString().slice(0, 10),
    `${availableParallelism()} cores of ${cpus()[0]?.model ?? "an unknown kind"}`,
    `Node ${process.version}`,
    postgres.stdout.trim().replace(" (PostgreSQL)", ""),
    `archive of ${(archiveBytes / 2 ** 20).toFixed(1)} MiB with ${members.stdout.trimEnd().split("\n").length} members`,
    `data directories on ${fileSystems.get(type) ?? `file system 0x${type.toString(16)}`}`,
  ];
}
