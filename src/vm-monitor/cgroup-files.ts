import type { MemorySample } from "./memory-history.ts";

/** The texts of a cgroup's files; null for one that cannot be read. */
export interface CgroupTexts {
  readonly stat: string;
  readonly events: string | null;
  readonly pressure: string | null;
}

/** Whether `cgroup.controllers` lists the memory controller (VM-18). */
export function hasMemoryController(text: string): boolean {
  return text.split(/\s+/).includes("memory");
}

/** A sample from `memory.stat`, `memory.events` and `memory.pressure`; keys that are missing count as 0 (VM-20). */
export function sampleFrom({ stat, events, pressure }: CgroupTexts): MemorySample {
  const figures = flatKeyed(stat);
  return {
    bytes: (figures.get("active_anon") ?? 0) + (figures.get("inactive_anon") ?? 0),
    highEvents: events === null ? null : (flatKeyed(events).get("high") ?? null),
    stalledPercent: pressure === null ? null : stalledPercent(pressure),
  };
}

/** The bytes of `MemTotal` in `/proc/meminfo` (VM-19); null when it is not there. */
export function memTotalBytes(meminfo: string): number | null {
  const kib = /^MemTotal:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

/** The limit in `memory.max`, in bytes; null for `max` and for whatever is no number. */
export function memoryMaxBytes(text: string): number | null {
  return /^\d+$/.test(text.trim()) ? Number(text.trim()) : null;
}

function flatKeyed(text: string): ReadonlyMap<string, number> {
  const entries = text.split("\n").map((line): [string, number] => {
    const [key = "", value = ""] = line.split(" ");
    return [key, /^\d+$/.test(value) ? Number(value) : 0];
  });
  return new Map(entries);
}

function stalledPercent(text: string): number | null {
  const percent = /^full avg10=(\d+(?:\.\d+)?) /m.exec(text)?.[1];
  return percent === undefined ? null : Number(percent);
}
