/** A stretch of memory into which a file is mapped. */
export interface Mapping {
  readonly start: bigint;
  readonly bytes: bigint;
}

const head = /^(?<start>[0-9a-f]+)-(?<end>[0-9a-f]+) (?<rights>\S{4}) \S+ \S+ (?<inode>\d+)/;

/**
 * Reads `/proc/<pid>/smaps` and returns the stretches of files that nobody writes and nobody has written: what is let go of them
 * comes back from the file, unchanged, when it is touched again. One page of a stretch that is not the file's own any more
 * (data that the loader has relocated, say) keeps the whole of it out.
 */
export function cleanMappings(smaps: string): readonly Mapping[] {
  return smaps
    .split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
    .filter((text) => /^Rss: +[1-9]/m.test(text) && /^Private_Dirty: +0 kB/m.test(text))
    .filter((text) => /^Shared_Dirty: +0 kB/m.test(text) && /^Anonymous: +0 kB/m.test(text))
    .flatMap((text) => {
      const { start = "", end = "", rights = "", inode = "0" } = head.exec(text)?.groups ?? {};
      if (!/^r-.p$/.test(rights) || inode === "0") return [];
      const from = BigInt(`0x${start}`);
      return [{ start: from, bytes: BigInt(`0x${end}`) - from }];
    });
}
