import { type OptionRow, optionTable } from "./option-table.ts";

const width = 100;
const helpColumn = 6;

/** The text of `--help`: every option by group, with its environment variable and default. */
export function usageText(): string {
  const groups = Map.groupBy<OptionRow["group"], OptionRow>(optionTable, (row) => row.group);
  const sections = [...groups].map(([group, rows]) => `${group}:\n${rows.map(describeRow).join("\n")}`);
  return `${intro}\n${sections.join("\n\n")}\n\n${outro}`;
}

const intro = `Turns a JSON spec into a running, configured, stateless Postgres compute, and lives exactly as long as that Postgres.

Usage: compute_ctl -D DIR -C URL -i ID (-c FILE | -p URL | -S FILE | -s JSON) [options]

Example: compute_ctl -D /var/lib/compute/pgdata -C postgresql://cloud_admin@127.0.0.1:5432/postgres -i compute-1 -c config.json
`;

const outro = `Exit codes: 0 after a clean shutdown, Postgres's own code when it ends by itself, 1 for a failed start or a signal,
2 for a command line that cannot be used.
`;

function describeRow(row: OptionRow): string {
  const short = row.short === undefined ? "" : `-${row.short}, `;
  const value = row.value === undefined ? "" : ` <${row.value}>`;
  const notes = [
    row.env === undefined ? "" : `env: ${row.env}`,
    row.default === undefined ? "" : `default: ${row.default}`,
    row.later === undefined ? "" : "no effect in this release",
  ].filter((note) => note !== "");
  const help = notes.length === 0 ? row.help : `${row.help} [${notes.join("; ")}]`;
  return `  ${short}--${row.name}${value}\n${wrap(help)}`;
}

function wrap(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length + 1 > width - helpColumn) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((each) => " ".repeat(helpColumn) + each).join("\n");
}
