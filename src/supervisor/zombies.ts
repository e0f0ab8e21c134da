/** A process, as its line in `/proc/<pid>/stat` tells. */
interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** `Z` for one that has ended and waits to be reaped. */
  readonly state: string;
}

/** Reads such a line; undefined when it is none. The name between the brackets may hold anything, brackets too. */
export function parseStat(line: string): ProcessStat | undefined {
  const fields = /^(?<pid>\d+) \(.*\) (?<state>\S) (?<parent>\d+) /s.exec(line)?.groups;
  if (fields === undefined) return undefined;
  return { pid: Number(fields["pid"]), parent: Number(fields["parent"]), state: fields["state"] ?? "" };
}

/** The children of process 1 that have ended and wait to be reaped. */
export function zombiesOfFirst(lines: readonly string[]): readonly number[] {
  return lines
    .flatMap((line) => parseStat(line) ?? [])
    .filter(({ parent, state }) => parent === 1 && state === "Z")
    .map(({ pid }) => pid);
}

/**
 * Those that were there at the last look already. Node reaps its own children at once, and must find them: one that stays is
 * an orphan that the container gave to process 1.
 */
export function orphansAmong(zombies: readonly number[], before: readonly number[]): readonly number[] {
  return zombies.filter((pid) => before.includes(pid));
}
