import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { it } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const module = new URL("give-back-memory.ts", import.meta.url).href;

const program = `
const { giveBackMemory } = await import(${JSON.stringify(module)});
let waste = Array.from({ length: 400 }, (_, index) => Buffer.alloc(100_000, index));
const full = process.memoryUsage.rss();
waste = undefined;
let lines = [];
await giveBackMemory({ debug: (text) => lines.push(text) });
await giveBackMemory({ debug: (text) => lines.push(text) });
console.log(JSON.stringify({ full, after: process.memoryUsage.rss(), lines, works: eval("[3, 1, 2].sort().join()") }));
`;

it("gives back what is not used any more, and goes on working", async () => {
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program];
  const { full, after, lines, works } = JSON.parse((await run(process.execPath, flags)).stdout);
  assert.ok(after < full - 30e6, `${full} before, ${after} after`);
  assert.deepEqual(lines, ["gave memory back", "gave memory back"]);
  assert.equal(works, "1,2,3");
});
