import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cleanMappings } from "./clean-mappings.ts";

interface Stretch {
  readonly head?: string;
  readonly rss?: number;
  readonly dirty?: number;
  readonly shared?: number;
  readonly anonymous?: number;
}

function stretch({
  head = "00400000-00500000 r-xp 00000000 fe:00 77",
  rss = 100,
  dirty = 0,
  ...rest
}: Stretch): string {
  const { shared = 0, anonymous = 0 } = rest;
  return [
    `${head}                     /usr/bin/program`,
    "Size:               1024 kB",
    `Rss:                 ${rss} kB`,
    `Shared_Dirty:          ${shared} kB`,
    `Private_Dirty:         ${dirty} kB`,
    `Anonymous:             ${anonymous} kB`,
    "VmFlags: rd ex mr mw me",
    "",
  ].join("\n");
}

describe("the mappings that can be let go", () => {
  it("are those of files that are only read, code or not", () => {
    const rodata = stretch({ head: "00600000-00601000 r--p 00100000 fe:00 77" });
    assert.deepEqual(cleanMappings(stretch({}) + rodata), [
      { start: 0x400000n, bytes: 0x100000n },
      { start: 0x600000n, bytes: 0x1000n },
    ]);
  });

  it("have no page that differs from the file", () => {
    for (const touched of [{ dirty: 4 }, { anonymous: 4 }, { shared: 8 }]) {
      assert.deepEqual(cleanMappings(stretch(touched)), []);
    }
  });

  it("are neither writable, nor shared, nor without a file, nor without a page in memory", () => {
    for (const rights of ["rw-p", "rwxp", "r--s", "---p"]) {
      assert.deepEqual(cleanMappings(stretch({ head: `00400000-00500000 ${rights} 00000000 fe:00 77` })), []);
    }
    assert.deepEqual(cleanMappings(stretch({ head: "00400000-00500000 r--p 00000000 00:00 0" })), []);
    assert.deepEqual(cleanMappings(stretch({ rss: 0 })), []);
    assert.deepEqual(cleanMappings(""), []);
  });
});
