/** A piece of a file, in bytes. */
export interface FileRange {
  readonly start: number;
  readonly size: number;
}

export const elfHeaderBytes = 64;

/** Where 64-bit little-endian ELF keeps what is needed here (System V ABI, "ELF Header" and "Sections"). */
const header = { identity: "\x7fELF\x02\x01", tableStart: 40, entryBytes: 58, entryCount: 60 } as const;
const section = { type: 4, flags: 8, start: 24, size: 32, bytes: 64 } as const;
const programBits = 1;
/** In memory while the program runs, neither written nor executed. */
const onlyAllocated = 2n;

/** Where a file's section table lies. Undefined when the header is of another kind of file, or tells of no table. */
export function sectionTableOf(elfHeader: Buffer): FileRange | undefined {
  if (elfHeader.length < elfHeaderBytes || !elfHeader.toString("latin1").startsWith(header.identity)) return undefined;
  const size = elfHeader.readUInt16LE(header.entryCount) * section.bytes;
  if (elfHeader.readUInt16LE(header.entryBytes) !== section.bytes || size === 0) return undefined;
  return { start: Number(elfHeader.readBigUInt64LE(header.tableStart)), size };
}

/** The sections with a program's constants, the largest first. */
export function constantsIn(sectionTable: Buffer): readonly FileRange[] {
  const found: FileRange[] = [];
  for (let at = 0; at + section.bytes <= sectionTable.length; at += section.bytes) {
    if (sectionTable.readUInt32LE(at + section.type) !== programBits) continue;
    if (sectionTable.readBigUInt64LE(at + section.flags) !== onlyAllocated) continue;
    found.push({
      start: Number(sectionTable.readBigUInt64LE(at + section.start)),
      size: Number(sectionTable.readBigUInt64LE(at + section.size)),
    });
  }
  return found.sort((a, b) => b.size - a.size);
}
