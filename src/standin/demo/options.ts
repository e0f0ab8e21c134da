import { parseArgs } from "node:util";
import { type PostgresMajor, postgresMajors } from "../postgres-major.ts";

/** What the demo was asked to do. */
export interface DemoOptions {
  readonly postgres: PostgresMajor;
  readonly keep: boolean;
  readonly verbose: boolean;
  readonly help: boolean;
}

export const usage = `Brings up a stand-in for Neon's storage and a compute from examples/two-roles.config.json.

Usage: npm start -- [options]

  --postgres 14…18  which Postgres of the npm packages to run (default 17)
  --verbose         show the compute's whole log, not only its warnings and errors
  --keep            leave the temporary folder behind (data directory, config, log)
  --help            print this

Ctrl-C stops everything and removes the temporary folder.
`;

/**
 * Reads the command line.
 * @throws TypeError with a sentence for the user when it makes no sense
 */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      postgres: { type: "string", default: "17" },
      keep: { type: "boolean", default: false },
      verbose: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const postgres = postgresMajors.find((major) => String(major) === values.postgres);
  if (postgres === undefined) {
    throw new TypeError(`--postgres takes ${postgresMajors.join(" or ")}, not ${JSON.stringify(values.postgres)}`);
  }
  return { ...values, postgres };
}
