import { readFile, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../base/error-chain.ts";
import { hasMemoryController, memoryMaxBytes, memTotalBytes, sampleFrom } from "../cgroup-files.ts";
import type { MemorySample } from "../memory-history.ts";

/** Where the kernel shows its cgroups, and where it tells the machine's memory. */
export interface CgroupPlaces {
  /** The mount point of cgroup v2. Another one than the kernel's usual is taken at its word. */
  readonly root: string;
  readonly meminfo: string;
}

export const usualPlaces: CgroupPlaces = { root: "/sys/fs/cgroup", meminfo: "/proc/meminfo" };

/** The type of a file system that holds cgroups of version 2. */
const cgroup2Magic = 0x63677270n;

/** The cgroup is not there any more (VM-21). */
class CgroupGoneError extends Error {
  constructor(folder: string) {
    super(`the cgroup ${folder} is gone`);
    this.name = "CgroupGoneError";
  }
}

/** The folder of a cgroup whose memory can be watched, or why it cannot be (VM-18). */
export type FoundCgroup = { readonly ok: true; readonly folder: string } | { readonly ok: false; readonly why: string };

/** Looks for a cgroup by its name below the root. */
export async function findCgroup({ root }: CgroupPlaces, name: string): Promise<FoundCgroup> {
  const controllers = await readText(join(root, "cgroup.controllers"));
  if (controllers === null) return { ok: false, why: `${root} is no file system of cgroup v2` };
  if (root === usualPlaces.root && (await statfs(root, { bigint: true })).type !== cgroup2Magic) {
    return { ok: false, why: `${root} is no file system of cgroup v2` };
  }
  if (!hasMemoryController(controllers)) return { ok: false, why: `the cgroups in ${root} do not control memory` };
  const folder = join(root, name);
  if (!(await isFolder(folder))) return { ok: false, why: `there is no cgroup ${folder}` };
  return { ok: true, folder };
}

/**
 * One look at a cgroup's memory; null when `memory.stat` cannot be read although the cgroup is there.
 * @throws CgroupGoneError when it is not
 */
export async function readMemory(folder: string): Promise<MemorySample | null> {
  const names = ["memory.stat", "memory.events", "memory.pressure"];
  const [stat = null, events = null, pressure = null] = await Promise.all(
    names.map((name) => readText(join(folder, name))),
  );
  if (stat !== null) return sampleFrom({ stat, events, pressure });
  if (!(await isFolder(folder))) throw new CgroupGoneError(folder);
  return null;
}

/**
 * The memory that there is: the machine's (VM-19), or the cgroup's own limit when that is lower.
 * @param folder null without a cgroup
 * @throws Error when the machine's cannot be read
 */
export async function readTotalBytes({ meminfo }: CgroupPlaces, folder: string | null): Promise<number> {
  const total = memTotalBytes(await readFile(meminfo, "utf8"));
  if (total === null) throw new Error(`${meminfo} does not tell MemTotal`);
  const limit = folder === null ? null : await readText(join(folder, "memory.max"));
  return Math.min(total, (limit === null ? null : memoryMaxBytes(limit)) ?? total);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return false;
    throw error;
  }
}

/** Null for whatever cannot be read: a cgroup may vanish, or lack a file, at any moment. */
async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return null;
  }
}
