import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { readEmbeddedVersion } from "./read-embedded-version.ts";

const mebibyte = 1024 * 1024;
const answer = "postgres (PostgreSQL) 17.5 (0123abcd)";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "embedded-version-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Writes a file of `size` bytes that starts like a program and holds `text` at `position`. */
async function program({ size = 3 * mebibyte, position = 100, text = `\0${answer}\n\0`, magic = "\x7fELF" } = {}) {
  const bytes = Buffer.alloc(size);
  bytes.write(magic, "latin1");
  bytes.write(text, position, "latin1");
  const path = join(folder, "postgres");
  await writeFile(path, bytes);
  return path;
}

/** Makes a file a 64-bit little-endian ELF file with one section, which holds constants. */
async function writeConstantsSection(path: string, { start, size }: { start: number; size: number }) {
  const bytes = await readFile(path);
  const table = 1024;
  bytes.write("\x7fELF\x02\x01", "latin1");
  bytes.writeBigUInt64LE(BigInt(table), 40);
  bytes.writeUInt16LE(64, 58);
  bytes.writeUInt16LE(1, 60);
  bytes.writeUInt32LE(1, table + 4);
  bytes.writeBigUInt64LE(2n, table + 8);
  bytes.writeBigUInt64LE(BigInt(start), table + 24);
  bytes.writeBigUInt64LE(BigInt(size), table + 32);
  await writeFile(path, bytes);
}

describe("CLI-5: the version inside a Postgres binary", () => {
  for (const position of [100, 1.5 * mebibyte, mebibyte - 10, 2 * mebibyte - 200, 3 * mebibyte - answer.length - 3]) {
    it(`is found at byte ${position}`, async () => {
      assert.equal(readEmbeddedVersion(await program({ position })), answer);
    });
  }

  for (const [what, place] of [
    ["among its constants", { start: 3 * mebibyte, size: mebibyte }],
    ["in another place than its constants", { start: 100_000, size: mebibyte }],
    ["in a file whose section table tells of more than there is", { start: 2 ** 50, size: 2 ** 40 }],
  ] as const) {
    it(`is found ${what}`, async () => {
      const path = await program({ size: 5 * mebibyte, position: 3_774_000 });
      await writeConstantsSection(path, place);
      assert.equal(readEmbeddedVersion(path), answer);
    });
  }

  it("is not looked for in what is no ELF file", async () => {
    assert.equal(readEmbeddedVersion(await program({ magic: "#!/b" })), undefined);
  });

  it("is not made up where the binary does not tell it, or tells it without an end", async () => {
    assert.equal(readEmbeddedVersion(await program({ text: "PostgreSQL 17.5" })), undefined);
    assert.equal(readEmbeddedVersion(await program({ text: `postgres (PostgreSQL) ${"1".repeat(1000)}` })), undefined);
  });

  it("is unknown for a file that is empty, a folder, or not there", async () => {
    assert.equal(readEmbeddedVersion(await program({ size: 0, position: 0 })), undefined);
    assert.equal(readEmbeddedVersion(folder), undefined);
    assert.equal(readEmbeddedVersion(join(folder, "none")), undefined);
  });
});
