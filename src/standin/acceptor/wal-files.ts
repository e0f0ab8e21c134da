import { closeSync, fdatasyncSync, ftruncateSync, openSync, readdirSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Lsn } from "../../base/lsn.ts";
import { walSegmentBytes } from "../../storage/walproposer/messages.ts";
import { syncFolder } from "./state-file.ts";

const segmentBytes = BigInt(walSegmentBytes);
const segmentsPerLog = 0x1_0000_0000n / segmentBytes;
const segmentName = /^[0-9A-F]{24}$/;

/** A part of a span of WAL that lies in one segment. */
interface Piece {
  readonly segment: bigint;
  /** Within the segment. */
  readonly at: number;
  /** Within the span. */
  readonly from: number;
  readonly length: number;
}

/** WAL in a folder, in segment files as Postgres names them. What was never written reads as zeros. */
export class WalFiles {
  readonly #folder: string;
  /** Segments that were written since the last sync. */
  readonly #dirty = new Map<bigint, number>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  write(lsn: Lsn, data: Buffer): void {
    for (const { segment, at, from, length } of pieces(lsn, data.length)) {
      writeSync(this.#writable(segment), data, from, length, at);
    }
  }

  /** Brings all that was written to disk. */
  sync(): void {
    if (this.#dirty.size === 0) return;
    for (const descriptor of this.#dirty.values()) fdatasyncSync(descriptor);
    syncFolder(this.#folder);
    this.close();
  }

  read(lsn: Lsn, bytes: number): Buffer {
    const data = Buffer.alloc(bytes);
    for (const { segment, at, from, length } of pieces(lsn, bytes)) {
      const descriptor = openIfThere(this.#path(segment));
      if (descriptor === undefined) continue;
      try {
        readSync(descriptor, data, from, length, at);
      } finally {
        closeSync(descriptor);
      }
    }
    return data;
  }

  /** Forgets everything from there on. */
  cut(lsn: Lsn): void {
    this.sync();
    const last = lsn / segmentBytes;
    const lastName = nameOf(last);
    for (const name of readdirSync(this.#folder)) {
      if (segmentName.test(name) && name > lastName) rmSync(join(this.#folder, name));
    }
    const descriptor = openIfThere(this.#path(last), "r+");
    if (descriptor === undefined) return;
    this.#dirty.set(last, descriptor);
    ftruncateSync(descriptor, Number(lsn % segmentBytes));
    ftruncateSync(descriptor, walSegmentBytes);
    this.sync();
  }

  /** Lets go of open files. */
  close(): void {
    for (const descriptor of this.#dirty.values()) closeSync(descriptor);
    this.#dirty.clear();
  }

  #writable(segment: bigint): number {
    const open = this.#dirty.get(segment);
    if (open !== undefined) return open;
    const path = this.#path(segment);
    const existing = openIfThere(path, "r+");
    const descriptor = existing ?? openSync(path, "w+", 0o600);
    this.#dirty.set(segment, descriptor);
    if (existing === undefined) ftruncateSync(descriptor, walSegmentBytes);
    return descriptor;
  }

  #path(segment: bigint): string {
    return join(this.#folder, nameOf(segment));
  }
}

function nameOf(segment: bigint): string {
  const parts = [1n, segment / segmentsPerLog, segment % segmentsPerLog];
  return parts.map((part) => part.toString(16).toUpperCase().padStart(8, "0")).join("");
}

function pieces(lsn: Lsn, bytes: number): readonly Piece[] {
  const found: Piece[] = [];
  for (let from = 0; from < bytes; ) {
    const position = lsn + BigInt(from);
    const at = Number(position % segmentBytes);
    const length = Math.min(bytes - from, walSegmentBytes - at);
    found.push({ segment: position / segmentBytes, at, from, length });
    from += length;
  }
  return found;
}

function openIfThere(path: string, flags = "r"): number | undefined {
  try {
    return openSync(path, flags);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
