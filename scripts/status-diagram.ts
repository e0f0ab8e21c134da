/** Writes the diagram of the status machine into docs/status-machine.md: `node scripts/status-diagram.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { statusDiagram } from "../src/compute/status-diagram.ts";

const path = new URL("../docs/status-machine.md", import.meta.url);
const text = readFileSync(path, "utf8");
writeFileSync(
  path,
  text.replace(/```mermaid\n[\s\S]*?\n```/, () => `\`\`\`mermaid\n${statusDiagram()}\n\`\`\``),
);
