import { text, UsageError } from "../arguments.ts";
import type { Command } from "./command.ts";
import { commandExitCodes } from "./failure.ts";

/** `compute_ctl terminate`: ends a compute. A termination that goes on already is joined. */
export const terminateCommand: Command = {
  options: [
    {
      name: "mode",
      value: "fast|immediate",
      default: "fast",
      help: "how long the process still answers afterwards: 30 seconds or 0.3",
    },
    { name: "force", help: "also when the compute is in a status that refuses otherwise, such as failed" },
  ],
  timeoutSecondsDefault: 120,
  async run({ client, given, timeoutMs, json, print }) {
    const mode = terminateMode(text(given, "mode") ?? "fast");
    const result = await client.terminate({ mode, force: given.has("force"), join: true, timeoutMs });
    print(json ? JSON.stringify(result) : (result.lsn ?? "none"));
    return commandExitCodes.ok;
  },
};

function terminateMode(text: string): "fast" | "immediate" {
  if (text === "fast" || text === "immediate") return text;
  throw new UsageError(`invalid value '${text}' for '--mode': it is 'fast' or 'immediate'`);
}
