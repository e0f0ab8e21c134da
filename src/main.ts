/*
 * The program. Read next: cli/options.ts (what can be asked), cli/run.ts (the way from a config to a life), compose.ts
 * (what is plugged into what), compute/lifecycle.ts and compute/start.ts (the story of a compute).
 */
import { UsageError } from "./cli/arguments.ts";
import { readEnvironment } from "./cli/environment.ts";
import { exitCodes } from "./cli/exit-codes.ts";
import { readOptions } from "./cli/options.ts";

const { environment, warnings } = readEnvironment(process.env);

try {
  const invocation = readOptions(process.argv.slice(2), environment.pgbin);
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
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`error: ${error.message}\n\nFor more information, try '--help'.\n`);
  process.exitCode = exitCodes.usage;
}
