/** What tells a file from every other one on this machine, as `stat` has it. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

/**
 * Whether a process holds an exclusive `flock` on a file, by the text of `/proc/locks`. Layered file systems show another device
 * there than `stat` does: then the holder has to be the process that the file itself names.
 * @param pid the pid in the file
 */
export function isLocked(locks: string, { device, inode }: FileIdentity, pid: number): boolean {
  return locks.split("\n").some((line) => {
    const found = /^\d+: FLOCK\s+\S+\s+WRITE\s+(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /.exec(line);
    if (found === null || BigInt(found[4] ?? "") !== inode) return false;
    return Number(found[1]) === pid || deviceNumber(found[2], found[3]) === device;
  });
}

/** A device number from its two parts in hexadecimal, put together as Linux does. */
function deviceNumber(majorText = "", minorText = ""): bigint {
  const [major, minor] = [BigInt(`0x${majorText}`), BigInt(`0x${minorText}`)];
  return (minor & 0xffn) | ((major & 0xfffn) << 8n) | ((minor & ~0xffn) << 12n) | ((major & ~0xfffn) << 32n);
}
