import { parseArgs } from "node:util";
import { type PostgresMajor, postgresMajors } from "../../src/standin/postgres-major.ts";
import { benchGroups } from "./groups.ts";

/** How to run the benchmark. */
export interface BenchOptions {
  readonly help: boolean;
  /** Measured rounds, after one that is not counted. */
  readonly runs: number;
  readonly postgres: PostgresMajor;
  readonly json: boolean;
  /** The names of the groups to measure. */
  readonly groups: readonly string[];
}

const runsMax = 1000;

export const usage = `Usage: npm run bench -- [GROUP…] [OPTIONS]

Measures compute_ctl against stand-in storage, and what nobody could do without, in turns; only some groups if named:

${benchGroups.map(({ name, about }) => `  ${name.padEnd(17)} ${about}`).join("\n")}

Prints a table in Markdown; progress goes to stderr.

  --runs N          measured rounds, after one to warm up (default 7; the catalog takes at most 3)
  --postgres N      major version of Postgres (default 17)
  --json            print JSON with every single measurement instead
  --help            print this
TMPDIR is where the data directories are made (default /var/tmp).

Compare figures of one run only. On ext4, files can be slow to make soon after many were removed, as at the end
of a run: leave some minutes between two.
`;

/**
 * Reads the command line.
 * @throws TypeError with a sentence for the user when it makes no sense
 */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runs: { type: "string", default: "7" },
      postgres: { type: "string", default: "17" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const known = benchGroups.map(({ name }) => name);
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new TypeError(`there is no group ${unknown}, but ${known.join(", ")}`);
  const groups = positionals.length === 0 ? known : positionals;
  const runs = /^\d+$/.test(values.runs) ? Number(values.runs) : 0;
  if (runs < 1 || runs > runsMax) {
    throw new TypeError(`--runs takes a number from 1 to ${runsMax}, not ${JSON.stringify(values.runs)}`);
  }
  const [postgres] = postgresMajors.filter((major) => String(major) === values.postgres);
  if (postgres === undefined) {
    throw new TypeError(`--postgres takes one of ${postgresMajors.join(", ")}, not ${JSON.stringify(values.postgres)}`);
  }
  return { help: values.help, json: values.json, postgres, runs, groups };
}
