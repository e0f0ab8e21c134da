import { readFile } from "node:fs/promises";
import { describeError } from "../../base/error-chain.ts";
import { text, UsageError } from "../arguments.ts";
import type { Command } from "./command.ts";
import { commandExitCodes } from "./failure.ts";

/** `compute_ctl configure`: sends a config file, byte for byte, and tells what came of it. */
export const configureCommand: Command = {
  options: [
    {
      name: "config",
      short: "c",
      value: "FILE",
      help: 'the config: {"spec": …, "compute_ctl_config": …}; required',
    },
    { name: "no-wait", help: "do not wait until the config is in force; prints the id of the operation" },
  ],
  timeoutSecondsDefault: 120,
  async run({ client, given, timeoutMs, json, print }) {
    const config = await readConfig(text(given, "config"));
    const result = await client.configure(config, { wait: !given.has("no-wait"), timeoutMs });
    if (result.kind === "applied") print(json ? JSON.stringify(result.status) : result.status.status);
    else print(json ? JSON.stringify(result.operation) : result.operation.id);
    return commandExitCodes.ok;
  },
};

async function readConfig(path: string | undefined): Promise<Uint8Array> {
  if (path === undefined) throw new UsageError("the argument '--config <FILE>' is required");
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`the config cannot be read: ${describeError(error)}`);
  }
}
