import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
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

describe("CLI-5: the version inside a Postgres binary", () => {
  for (const position of [100, 1.5 * mebibyte, mebibyte - 10, 2 * mebibyte - 200, 3 * mebibyte - answer.length - 3]) {
    it(`is found at byte ${position}`, async () => {
      assert.equal(readEmbeddedVersion(await program({ position })), answer);
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
