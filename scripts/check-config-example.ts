/** Writes the example of a check into docs/check-config.md: `node scripts/check-config-example.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { checkConfigExample, withExample } from "../test/support/check-config-example.ts";

const path = new URL("../docs/check-config.md", import.meta.url);
writeFileSync(path, withExample(readFileSync(path, "utf8"), await checkConfigExample()));
