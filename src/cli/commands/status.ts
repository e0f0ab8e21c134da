import { ApiError } from "../../client/errors.ts";
import type { Command, CommandContext } from "./command.ts";
import { commandExitCodes } from "./failure.ts";
import { renderStatus, type StatusReport } from "./render-status.ts";

/** `compute_ctl status`: the state of a compute, what is odd about it, and the waterfall of its start where the server tells it. */
export const statusCommand: Command = {
  options: [],
  timeoutSecondsDefault: 10,
  async run(context) {
    const report = await readReport(context);
    context.print(context.json ? JSON.stringify(report) : renderStatus(report));
    return report.status === "failed" ? commandExitCodes.failed : commandExitCodes.ok;
  },
};

async function readReport({ client, timeoutMs }: CommandContext): Promise<StatusReport> {
  const [status, timeline] = await Promise.all([
    client.detailedStatus({ timeoutMs }),
    client.timeline({ timeoutMs }).catch(absentIfUnknown),
  ]);
  return { ...status, since: timeline?.changes.at(-1)?.at ?? null, phases: timeline?.phases ?? null };
}

/** The original knows no `/timeline`. */
function absentIfUnknown(error: unknown): undefined {
  if (error instanceof ApiError && error.status === 404) return undefined;
  throw error;
}
