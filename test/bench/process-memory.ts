import { readFile } from "node:fs/promises";

/**
 * Figures of a running process in KiB: `VmHWM`, the most memory it ever had, and `VmRSS`, what it has now.
 * @throws Error when it is gone
 */
export async function readMemory(pid: number): Promise<{ readonly VmHWM: number; readonly VmRSS: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const figure = (name: string): number => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status);
    if (found === null) throw new Error(`process ${pid} has no ${name}`);
    return Number(found[1]);
  };
  return { VmHWM: figure("VmHWM"), VmRSS: figure("VmRSS") };
}
