/*
 * Runs the program from its scripts, as the executable does, and writes what V8 compiled of them at the end.
 * usage: node main-of-recording.cjs FOLDER [ARGS OF THE PROGRAM]
 */
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { runParts } = require("./run-parts.cjs");

const [node, , folder, ...args] = process.argv;
process.argv = [node, "compute_ctl", ...args];
const scripts = runParts((part) => ({ text: readFileSync(join(folder, `${part}.cjs`), "latin1") }));
process.on("exit", () => {
  for (const [part, script] of scripts) writeFileSync(join(folder, `${part}.code`), script.createCachedData());
});
