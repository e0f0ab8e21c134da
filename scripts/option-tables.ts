/** Makes the tables of options in docs/operating.md anew: `npm run option-tables`. */
import { readFileSync, writeFileSync } from "node:fs";
import { renderOptionDocument } from "../src/cli/option-document.ts";

const file = new URL("../docs/operating.md", import.meta.url);
writeFileSync(file, renderOptionDocument(readFileSync(file, "utf8")));
