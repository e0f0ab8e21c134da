import { readFile } from "node:fs/promises";
import { describeError, errorCode } from "../../base/error-chain.ts";
import { ComputeClient } from "../../client/compute-client.ts";
import { type GivenOptions, readArguments, text, UsageError } from "../arguments.ts";
import type { Command, CommandOption } from "./command.ts";
import type { CommandName } from "./command-table.ts";
import { commandExitCodes, failureOf } from "./failure.ts";
import { printable } from "./printable.ts";

const loaders: Readonly<Record<CommandName, () => Promise<Command>>> = {
  status: async () => (await import("./status.ts")).statusCommand,
  configure: async () => (await import("./configure.ts")).configureCommand,
  terminate: async () => (await import("./terminate.ts")).terminateCommand,
  wait: async () => (await import("./wait.ts")).waitCommand,
  probe: async () => (await import("./probe.ts")).probeCommand,
  logs: async () => (await import("./logs.ts")).logsCommand,
};

const tokenVariable = "COMPUTE_CTL_TOKEN";
const urlDefault = "http://127.0.0.1:3080";
const secondsMax = 86_400;

/**
 * Runs a subcommand to its exit code (docs/operating.md).
 * @throws UsageError for a command line that cannot be used
 */
export async function runCommand(
  name: CommandName,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const command = await loaders[name]();
  const options = [...command.options, ...commonOptions(command)];
  const given: GivenOptions<string> = readArguments(argv, options);
  if (given.has("help")) {
    const { commandUsageText } = await import("../usage.ts");
    print(commandUsageText(name, options));
    return 0;
  }
  // Whoever reads may have enough, as `head` has.
  process.stdout.on("error", (error) => process.exit(errorCode(error) === "EPIPE" ? 0 : commandExitCodes.failed));
  const client = createClient(text(given, "url") ?? urlDefault, await readToken(given, environment));
  try {
    const timeoutMs = seconds(text(given, "timeout"), command.timeoutSecondsDefault) * 1000;
    return await command.run({ client, given, timeoutMs, json: given.has("json"), print, complain });
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    complain(failure.message);
    return failure.exitCode;
  }
}

function commonOptions({ timeoutSecondsDefault }: Command): readonly CommandOption[] {
  return [
    { name: "url", value: "URL", default: urlDefault, help: "the compute's external API" },
    {
      name: "token-file",
      value: "FILE",
      help: "a file with the bearer token; needed unless the compute runs with INSTANCE_ID",
    },
    {
      name: "token",
      value: "TOKEN",
      env: tokenVariable,
      help: "the bearer token itself; other users of the machine can read a command line, so prefer the other two",
    },
    { name: "timeout", value: "SECONDS", default: String(timeoutSecondsDefault), help: "when to give up" },
    { name: "json", help: "print JSON for programs" },
    { name: "help", short: "h", help: "print this text and exit" },
  ];
}

function createClient(url: string, token: string | undefined): ComputeClient {
  try {
    return new ComputeClient({ url, ...(token === undefined ? {} : { token }) });
  } catch (error) {
    throw new UsageError(`invalid value for '--url': ${describeError(error)}`);
  }
}

async function readToken(
  given: GivenOptions<string>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const path = text(given, "token-file");
  const inline = text(given, "token");
  if (path !== undefined && inline !== undefined) {
    throw new UsageError("the argument '--token' cannot be used with '--token-file'");
  }
  const found = path === undefined ? (inline ?? environment[tokenVariable]) : await readTokenFile(path);
  const token = found?.trim();
  if (token === undefined || token === "") return undefined;
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new UsageError("the token holds blanks or other characters that no token has");
  return token;
}

async function readTokenFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(`the token file cannot be read: ${describeError(error)}`);
  }
}

function seconds(text: string | undefined, byDefault: number): number {
  if (text === undefined) return byDefault;
  if (/^\d{1,5}(\.\d{1,3})?$/.test(text) && Number(text) > 0 && Number(text) <= secondsMax) return Number(text);
  throw new UsageError(`invalid value '${text}' for '--timeout': it is a number of seconds, at most ${secondsMax}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(message: string): void {
  process.stderr.write(`error: ${printable(message)}\n`);
}
