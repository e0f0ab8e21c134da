/*
 * The program. Read next: cli/options.ts (what can be asked), cli/run.ts (the way from a config to a life), compose.ts
 * (what is plugged into what), compute/lifecycle.ts and compute/start.ts (the story of a compute).
 */
import { UsageError } from "./cli/arguments.ts";
import { commandNamed } from "./cli/commands/command-table.ts";
import { readEnvironment } from "./cli/environment.ts";
import { exitCodes } from "./cli/exit-codes.ts";
import { readOptions } from "./cli/options.ts";
import { programs } from "./cli/programs.ts";

async function main(argv: readonly string[]): Promise<void> {
  const program = programs.get(argv[0]);
  if (program !== undefined) {
    process.exitCode = await program(argv.slice(1), process.env);
    return;
  }
  const command = commandNamed(argv[0]);
  if (command !== undefined) {
    const { runCommand } = await import("./cli/commands/run-command.ts");
    process.exitCode = await runCommand(command, argv.slice(1), process.env);
    return;
  }
  const { environment, warnings } = readEnvironment(process.env);
  // It is about this program alone.
  delete process.env["FAILPOINTS"];
  const invocation = readOptions(argv, environment);
  switch (invocation.kind) {
    case "help": {
      const { usageText } = await import("./cli/usage.ts");
      process.stdout.write(usageText());
      break;
    }
    case "version": {
      const { versionText } = await import("./cli/version.ts");
      process.stdout.write(versionText());
      break;
    }
    case "run": {
      const { run } = await import("./cli/run.ts");
      process.exit(await run(invocation.options, environment, [...warnings, ...invocation.warnings]));
    }
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`error: ${error.message}\n\nFor more information, try '--help'.\n`);
  process.exitCode = exitCodes.usage;
});
