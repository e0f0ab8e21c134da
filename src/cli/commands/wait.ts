import { type ComputeStatusName, computeStatusNames } from "../../client/answers.ts";
import { text, UsageError } from "../arguments.ts";
import type { Command } from "./command.ts";
import { commandExitCodes } from "./failure.ts";

/** Statuses that nothing good follows by itself. */
const deadEnds: readonly ComputeStatusName[] = ["failed", "terminated"];

/** `compute_ctl wait`: also for a compute that does not answer yet. A failed or ended one is not waited for any longer. */
export const waitCommand: Command = {
  options: [
    {
      name: "for",
      value: "STATUS",
      default: "running",
      help: "the status to wait for; several are separated by commas",
    },
  ],
  timeoutSecondsDefault: 60,
  async run({ client, given, timeoutMs, json, print, complain }) {
    const wanted = (text(given, "for") ?? "running").split(",").map(statusNamed);
    const view = await client.waitFor([...new Set([...wanted, ...deadEnds])], { timeoutMs });
    if (json) print(JSON.stringify(view));
    if (wanted.includes(view.status)) {
      if (!json) print(view.status);
      return commandExitCodes.ok;
    }
    complain(`the compute is ${view.status}${view.error === null ? "" : `: ${view.error}`}`);
    return commandExitCodes.failed;
  },
};

/** A status in either spelling, with underscores or hyphens. */
function statusNamed(text: string): ComputeStatusName {
  const name = computeStatusNames.find((each) => each === text.replaceAll("-", "_"));
  if (name !== undefined) return name;
  throw new UsageError(`invalid value '${text}' for '--for': it is one of ${computeStatusNames.join(", ")}`);
}
