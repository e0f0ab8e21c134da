import type { Family } from "./family.ts";

const begin = "<!-- families: begin -->";
const end = "<!-- families: end -->";

/** The document with its tables of families made anew (`npm run metrics-tables`); the first is that of `/metrics`. */
export function renderMetricsDocument(document: string, tables: readonly (readonly Family[])[]): string {
  const [head = "", ...rest] = document.split(`${begin}\n`);
  const parts = rest.map((part, index) => {
    const [, tail = ""] = part.split(end);
    return `${begin}\n${familyTable(tables[index] ?? [])}${end}${tail}`;
  });
  return [head, ...parts].join("");
}

function familyTable(families: readonly Family[]): string {
  const rows = families.map(({ name, type, labels, help }) => {
    const labelCell = labels.length === 0 ? "–" : labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${type} | ${labelCell} | ${help} |\n`;
  });
  return `\n| Name | Type | Labels | What it says |\n|---|---|---|---|\n${rows.join("")}\n`;
}
