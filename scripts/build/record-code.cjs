/*
 * Runs the program from its script, as the executable does, and writes what V8 compiled of it at the end.
 * usage: node record-code.cjs SCRIPT CACHE [ARGS OF THE PROGRAM]
 */
const { readFileSync, writeFileSync } = require("node:fs");
const { Script } = require("node:vm");

const [node, , program, cache, ...args] = process.argv;
process.argv = [node, "compute_ctl", ...args];
const script = new Script(readFileSync(program, "latin1"), { filename: "compute_ctl.cjs" });
process.on("exit", () => writeFileSync(cache, script.createCachedData()));
script.runInThisContext()(require);
