import type { Lsn } from "../base/lsn.ts";

/** What a stand-in needs to know from `global/pg_control`. */
export interface ControlFile {
  readonly systemId: bigint;
  /** Where the last checkpoint record begins. */
  readonly checkpoint: Lsn;
}

/** Offsets in the file, the same since Postgres 9.3. */
const offsets = { systemId: 0, state: 16, checkpoint: 32 } as const;
const stateShutDown = 1;

/**
 * Reads `global/pg_control` of a cluster of this machine's byte order (little-endian).
 * @throws Error when the cluster was not shut down cleanly
 */
export function decodeControlFile(bytes: Buffer): ControlFile {
  const state = bytes.readUInt32LE(offsets.state);
  if (state !== stateShutDown) throw new Error(`the cluster was not shut down cleanly (state ${state} in pg_control)`);
  return { systemId: bytes.readBigUInt64LE(offsets.systemId), checkpoint: bytes.readBigUInt64LE(offsets.checkpoint) };
}
