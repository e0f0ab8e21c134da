import type { Command } from "./command.ts";
import { commandExitCodes } from "./failure.ts";

/** `compute_ctl probe`: what a container's health check runs where there is no other HTTP client; it needs no token. */
export const probeCommand: Command = {
  options: [{ name: "live", help: "ask whether the program answers (/healthz), not whether the compute is running" }],
  timeoutSecondsDefault: 2,
  async run({ client, given, timeoutMs, json, print, complain }) {
    const live = given.has("live");
    const good = await (live ? client.healthy({ timeoutMs }) : client.ready({ timeoutMs }));
    const word = live ? "alive" : "ready";
    if (json) print(JSON.stringify({ [word]: good }));
    else if (good) print(word);
    else complain(`the compute is not ${word}`);
    return good ? commandExitCodes.ok : commandExitCodes.failed;
  },
};
