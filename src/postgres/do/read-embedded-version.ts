import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { constantsIn, elfHeaderBytes, type FileRange, sectionTableOf } from "../elf-constants.ts";

/** What every `postgres` since version 8 holds as the answer to `--version`. */
const answerStart = "postgres (PostgreSQL) ";
const answerBytesMax = 256;
const chunkBytes = 64 * 1024;
/** At 57 to 62 of 100 of the constants in all builds that were looked at. */
const likelyShare = 0.56;
/** Of Postgres's binaries the largest have 10 MB; one with debugging symbols has ten times that. */
const fileBytesMax = 256 * 1024 * 1024;
const elfMagic = "\x7fELF";

/**
 * The text that a `postgres` binary would print for `--version`, read out of its file: a fraction of the 10 to 20 ms that
 * asking takes, because nothing is loaded and run (CLI-5). Undefined when this is no ELF file or does not hold it, such as
 * a script around the real one; then asking is the way. Looks among the program's constants first, which takes a few hundred
 * kilobytes; the whole of a large file blocks for some milliseconds.
 */
export function readEmbeddedVersion(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(file);
    const header = read(file, 0, Buffer.allocUnsafe(elfHeaderBytes));
    if (size > fileBytesMax || !header.toString("latin1").startsWith(elfMagic)) return undefined;
    const table = sectionTableOf(header);
    const constants = table === undefined ? [] : constantsIn(read(file, table.start, Buffer.allocUnsafe(table.size)));
    for (const range of [...constants, { start: 0, size }]) {
      const answer = findAnswer(file, range, size);
      if (answer !== undefined) return answer;
    }
    return undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

function findAnswer(file: number, range: FileRange, fileSize: number): string | undefined {
  const buffer = Buffer.allocUnsafe(chunkBytes + answerBytesMax);
  for (const position of chunkPositions(range, fileSize)) {
    const chunk = read(file, position, buffer);
    const at = chunk.indexOf(answerStart);
    const end = at < 0 ? -1 : chunk.indexOf("\n", at);
    if (end >= 0 && end - at <= answerBytesMax) return chunk.toString("latin1", at, end);
  }
  return undefined;
}

/** Where to look, one after the other: from the likeliest place to the end, then what lies before it. */
function chunkPositions({ start, size }: FileRange, fileSize: number): readonly number[] {
  const count = Math.ceil(Math.max(0, Math.min(size, fileSize - start)) / chunkBytes);
  const all = Array.from({ length: count }, (_, index) => start + index * chunkBytes);
  const likely = Math.floor(count * likelyShare);
  return [...all.slice(likely), ...all.slice(0, likely)];
}

/** Fills the buffer as far as the file goes. */
function read(file: number, position: number, buffer: Buffer): Buffer {
  let filled = 0;
  while (filled < buffer.length) {
    const count = readSync(file, buffer, filled, buffer.length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}
