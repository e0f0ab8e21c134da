/*
 * What the npm package runs first: the scripts lie beside it.
 */
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { runParts } = require("./run-parts.cjs");

runParts((part) => ({ text: readFileSync(join(__dirname, `${part}.cjs`), "latin1") }));
