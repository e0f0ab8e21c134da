/** Bytes of a mebibyte. */
export const mib = 1_048_576;

/** What the system itself takes of a VM's memory. */
const systemBytes = 100 * mib;
/** Above this share of the memory, Postgres is to get more. */
const thresholdShare = 0.85;
/** What the file cache leaves to others at least, in bytes and as a share; and what it costs beside its content (VM-23). */
const cacheReserveBytes = 256 * mib;
const cacheShareMax = 0.75;
const cacheSpread = 0.1;

/** How much a downscale must leave between the average and the new threshold (VM-15). */
export const downscaleHeadroomBytes = 100 * mib;

/** What Postgres and its file cache may use of `memBytes` (VM-14). */
export function usableBytes(memBytes: number): number {
  return Math.max(0, memBytes - systemBytes);
}

/** The memory use from which on more is asked for (VM-14). */
export function thresholdBytes(totalBytes: number): number {
  return Math.trunc(totalBytes * thresholdShare);
}

/** The size of the file cache on a machine with `totalBytes`: whole MiB, in bytes (VM-14). */
export function cacheBytes(totalBytes: number): number {
  const available = totalBytes - cacheReserveBytes;
  if (available <= 0) return 0;
  const wanted = Math.min(Math.trunc(available / (1 + cacheSpread)), Math.trunc(totalBytes * cacheShareMax));
  return Math.floor(wanted / mib) * mib;
}

/** Bytes as people read them, such as `3396.6 MiB`. */
export function inMib(bytes: number): string {
  const rounded = Math.round((bytes / mib) * 10) / 10;
  return `${rounded} MiB`;
}
