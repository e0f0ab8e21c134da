import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip, gunzipSync } from "node:zlib";
import { encodeTarHeader, tarEnd } from "../../../src/standin/tar-header.ts";

const fileBytes = 1 << 20;
const pageBytes = 8192;
/** Of each page; the rest is zero, so that the archive shrinks to about a third, as clusters do. */
const randomBytes = 2600;

/** Writes a base backup of about `megabytes` MB: that in `smallArchive`, and behind it relations of 1 MiB each, gzipped as a pageserver does. */
export async function writeLargeArchive(smallArchive: string, megabytes: number, file: string): Promise<void> {
  const small = gunzipSync(await readFile(smallArchive));
  const members = small.subarray(0, small.length - tarEnd.length);
  const files = Math.max(0, Math.round(megabytes - small.length / fileBytes));
  async function* chunks(): AsyncGenerator<Buffer> {
    yield members;
    for (let number = 0; number < files; number += 1) {
      yield encodeTarHeader({ name: `base/1/${900_000 + number}`, kind: "file", sizeBytes: fileBytes }, 1_790_000_000);
      yield relation(number);
    }
    yield tarEnd;
  }
  await pipeline(Readable.from(chunks()), createGzip({ level: 1 }), createWriteStream(file));
}

function relation(number: number): Buffer {
  const content = Buffer.alloc(fileBytes);
  const noise = createHash("shake256", { outputLength: (fileBytes / pageBytes) * randomBytes })
    .update(`${number}`)
    .digest();
  for (let page = 0; page < fileBytes / pageBytes; page += 1) {
    noise.copy(content, page * pageBytes, page * randomBytes, (page + 1) * randomBytes);
  }
  return content;
}
