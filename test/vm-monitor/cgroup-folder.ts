import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CgroupPlaces } from "../../src/vm-monitor/do/cgroup.ts";

/** A folder that stands in for the kernel's cgroup file system. */
export interface CgroupFolder {
  readonly places: CgroupPlaces;
  /** The name of the cgroup in it. */
  readonly name: string;
  /** Has the cgroup use so much anonymous memory. */
  use(bytes: number): Promise<void>;
  /** Writes a file of the cgroup, or removes it. */
  write(file: string, text: string | null): Promise<void>;
  /** Writes a file of the root. */
  writeRoot(file: string, text: string | null): Promise<void>;
  /** Takes the cgroup away as the kernel does: at once. */
  removeCgroup(): Promise<void>;
  remove(): Promise<void>;
}

/** Makes one with a cgroup that uses nothing, on a machine with `memTotalKib`. */
export async function makeCgroupFolder(memTotalKib = 16_777_216, name = "neon-postgres"): Promise<CgroupFolder> {
  const folder = await mkdtemp(join(tmpdir(), "vm-monitor-"));
  const [root, meminfo] = [join(folder, "cgroup"), join(folder, "meminfo")];
  await mkdir(join(root, name), { recursive: true });
  const put = async (path: string, text: string | null): Promise<void> => {
    if (text === null) return await rm(path, { force: true });
    // As a whole, at once: the monitor reads at any moment.
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };
  const made: CgroupFolder = {
    places: { root, meminfo },
    name,
    use: (bytes) => made.write("memory.stat", `anon 1\ninactive_anon ${bytes - 300}\nactive_anon 300\nfile 9\n`),
    write: (file, text) => put(join(root, name, file), text),
    writeRoot: (file, text) => put(join(root, file), text),
    removeCgroup: () => rename(join(root, name), join(folder, "removed")),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  await made.writeRoot("cgroup.controllers", "cpu io memory pids\n");
  await put(meminfo, `MemTotal:       ${memTotalKib} kB\nMemFree: 1 kB\n`);
  await made.write("memory.events", "low 0\nhigh 0\nmax 0\noom 0\n");
  await made.write("memory.max", "max\n");
  await made.use(1_000);
  return made;
}
