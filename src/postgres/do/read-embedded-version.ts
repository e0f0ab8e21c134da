import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** What every `postgres` since version 8 holds as the answer to `--version`. */
const answerStart = "postgres (PostgreSQL) ";
const answerBytesMax = 256;
const chunkBytes = 256 * 1024;
/** Behind the code, where constants lie: at 69 to 81 of 100 in all builds that were looked at. */
const likelyShare = 0.68;
/** Of Postgres's binaries the largest have 10 MB; one with debugging symbols has ten times that. */
const fileBytesMax = 256 * 1024 * 1024;
const elfMagic = Buffer.from("\x7fELF", "latin1");

/**
 * The text that a `postgres` binary would print for `--version`, read out of its file: a fraction of the 10 to 20 ms that
 * asking takes, because nothing is loaded and run (CLI-5). Undefined when this is no ELF file or does not hold it, such as
 * a script around the real one; then asking is the way. Blocks for a millisecond or two.
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
    if (size > fileBytesMax || !read(file, 0, elfMagic.length).equals(elfMagic)) return undefined;
    for (const position of chunkPositions(size)) {
      const chunk = read(file, position, chunkBytes + answerBytesMax);
      const at = chunk.indexOf(answerStart);
      const end = at < 0 ? -1 : chunk.indexOf("\n", at);
      if (end >= 0 && end - at <= answerBytesMax) return chunk.toString("latin1", at, end);
    }
    return undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** Where to look, one after the other: from the likeliest place to the end, then what lies before it. */
function chunkPositions(size: number): readonly number[] {
  const all = Array.from({ length: Math.ceil(size / chunkBytes) }, (_, index) => index * chunkBytes);
  const likely = Math.floor(all.length * likelyShare);
  return [...all.slice(likely), ...all.slice(0, likely)];
}

function read(file: number, position: number, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(bytes);
  let filled = 0;
  while (filled < bytes) {
    const count = readSync(file, buffer, filled, bytes - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}
