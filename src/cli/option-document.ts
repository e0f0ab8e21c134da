import { type OptionRow, optionTable } from "./option-table.ts";

const marks = ["<!-- options -->", "<!-- /options -->"] as const;

/**
 * A document whose table of options, between two marks, is that of the program.
 * @throws Error when the document has no such marks
 */
export function renderOptionDocument(text: string): string {
  const [begin, end] = marks.map((mark) => text.indexOf(mark));
  if (begin === undefined || end === undefined || begin < 0 || end < begin)
    throw new Error(`the document lacks ${marks.join(" and ")}`);
  return `${text.slice(0, begin + marks[0].length)}\n${renderTables()}\n${text.slice(end)}`;
}

/** A table for each group of options. */
function renderTables(): string {
  const groups = Map.groupBy<OptionRow["group"], OptionRow>(optionTable, (row) => row.group);
  return Array.from(groups, ([group, rows]) => {
    const lines = rows.map((row) => `| ${nameOf(row)} | ${cell(row.help)} | ${defaultOf(row)} |`);
    return [`**${group}**`, "", "| Option | Does | Default |", "|---|---|---|", ...lines, ""].join("\n");
  }).join("\n");
}

function nameOf({ name, short, value }: OptionRow): string {
  const long = `\`--${name}${value === undefined ? "" : ` ${value}`}\``;
  return cell(short === undefined ? long : `${long}, \`-${short}\``);
}

function defaultOf(row: OptionRow): string {
  const variable = row.env === undefined ? "" : `\`$${row.env}\``;
  const fixed = row.default === undefined ? "" : `\`${row.default}\``;
  return [variable, fixed].filter((part) => part !== "").join(", else ");
}

/** Bars would end a cell. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
