import { type CommandName, commandTable } from "./commands/command-table.ts";
import { type OptionRow, optionTable } from "./option-table.ts";

/** The subcommands that are no clients of a running compute. */
type LoneCommand = keyof typeof loneOutros;

/** All subcommands: clients of a running compute, and those that work by themselves. */
const commandRows = [
  ...commandTable,
  { name: "plan", help: "show what an apply of a config would do to a catalog, and why" },
  { name: "check-config", help: "check a config, and show what would be in force, without starting anything" },
  { name: "keygen", help: "make a key pair: the private key into a file, the public one as the jwks of a config" },
  { name: "token", help: "print a token for the API of a compute, signed with a private key" },
  {
    name: "sync-safekeepers",
    help: "bring safekeepers into agreement and print the LSN where their WAL ends; ends a primary that still writes to them",
  },
  {
    name: "vm-monitor",
    help: "answer an autoscaler-agent for a Postgres that runs already; also called by the name vm-monitor",
  },
];

const width = 100;
const helpColumn = 6;

/** The text of `--help`: every option by group, with its environment variable and default. */
export function usageText(): string {
  const groups = Map.groupBy<OptionRow["group"], OptionRow>(optionTable, (row) => row.group);
  const sections = [...groups].map(([group, rows]) => `${group}:\n${rows.map(describeRow).join("\n")}`);
  return `${intro}\n${commandsSection()}\n\n${sections.join("\n\n")}\n\n${outro}`;
}

/** The text of `compute_ctl <command> --help`. */
export function commandUsageText(
  name: CommandName | LoneCommand,
  options: readonly Omit<OptionRow, "group">[],
): string {
  const help = commandRows.find((row) => row.name === name)?.help ?? "";
  const outro = new Map<string, string>(Object.entries(loneOutros)).get(name) ?? commandOutro;
  return `compute_ctl ${name}: ${help}\n\nUsage: compute_ctl ${name} [options]\n\n${options.map(describeRow).join("\n")}\n\n${outro}`;
}

function commandsSection(): string {
  const nameWidth = Math.max(...commandRows.map(({ name }) => name.length));
  const column = nameWidth + 4;
  const rows = commandRows.map(({ name, help }) => `  ${name.padEnd(nameWidth)}  ${wrap(help, column).trimStart()}`);
  return ["Commands, each with a --help of its own:", ...rows].join("\n");
}

const intro = `Turns a JSON spec into a running, configured, stateless Postgres compute, and lives exactly as long as that Postgres.

Usage: compute_ctl -D DIR -C URL -i ID (-c FILE | -p URL | -S FILE | -s JSON) [options]
       compute_ctl COMMAND [options]

Example: compute_ctl -D /var/lib/compute/pgdata -C postgresql://cloud_admin@127.0.0.1:5432/postgres -i compute-1 -c config.json
`;

const outro = `Exit codes: 0 after a clean shutdown, Postgres's own code when it ends by itself, 1 for a failed start or a signal,
2 for a command line that cannot be used.
`;

const commandOutro = `Exit codes: 0 done, 1 the compute refused or has failed, 2 for a command line that cannot be used, 3 not reachable,
4 not authorized, 5 timed out.`;

const loneOutros = {
  plan: `Exit codes: 0 nothing would change, 10 something would, 1 it cannot be told, 2 for a command line that cannot be used.
`,
  "sync-safekeepers": `What it prints is what postgres --sync-safekeepers prints, 0/0 when nothing was ever written. It holds an election as the start of
a primary does: a primary that still writes to these safekeepers is put out. Progress goes to stderr.

Exit codes: 0 done, 1 they cannot agree, or a signal came, 2 for a command line that cannot be used, 4 they refuse the token,
5 no agreement in time.
`,
  keygen: `What it prints goes into "compute_ctl_config": {"jwks": …}. Keep the private key away from the computes: they need only what is
printed.

Exit codes: 0 done, 1 the key cannot be written, 2 for a command line that cannot be used.
`,
  token: `Send it as "Authorization: Bearer TOKEN", or give it to compute_ctl status and its like by --token-file.

Exit codes: 0 done, 1 the key cannot be used, 2 for a command line that cannot be used.
`,
  "check-config": `Exit codes: 0 the config is good, also with warnings, 1 it cannot be used or checked, 2 for a command line that cannot be
used.
`,
  "vm-monitor": `It logs JSON on stderr, at the level that RUST_LOG says.

Exit codes: 0 after a signal, 1 when it cannot listen, 2 for a command line that cannot be used.
`,
} as const;

function describeRow(row: Omit<OptionRow, "group">): string {
  const short = row.short === undefined ? "" : `-${row.short}, `;
  const value = row.value === undefined ? "" : ` <${row.value}>`;
  const notes = [
    row.env === undefined ? "" : `env: ${row.env}`,
    row.default === undefined ? "" : `default: ${row.default}`,
  ].filter((note) => note !== "");
  const help = notes.length === 0 ? row.help : `${row.help} [${notes.join("; ")}]`;
  return `  ${short}--${row.name}${value}\n${wrap(help, helpColumn)}`;
}

/** The text in lines that all begin at a column. */
function wrap(text: string, column: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length + 1 > width - column) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((each) => " ".repeat(column) + each).join("\n");
}
