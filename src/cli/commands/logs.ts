import { sleep } from "../../base/deadline.ts";
import { text, UsageError } from "../arguments.ts";
import type { Command } from "./command.ts";
import { commandExitCodes } from "./failure.ts";
import { newLines } from "./new-lines.ts";
import { printable } from "./printable.ts";

const linesDefault = 100;
const linesMax = 100_000;
/** What is asked for while following; a longer burst between two questions loses its beginning. */
const followLines = 2_000;
const followPauseMs = 500;

/** `compute_ctl logs`: the newest lines, and with `--follow` those that come, until it is interrupted or the compute ends. */
export const logsCommand: Command = {
  options: [
    { name: "lines", short: "n", value: "N", default: String(linesDefault), help: "how many lines, at most 100000" },
    { name: "follow", short: "f", help: "go on printing lines as they come" },
  ],
  timeoutSecondsDefault: 10,
  async run({ client, given, timeoutMs, json, print }) {
    const show = (lines: readonly string[]): void => {
      for (const line of lines) print(json ? JSON.stringify({ line }) : printable(line));
    };
    const wanted = lineCount(text(given, "lines"));
    // One line at least tells where to go on.
    let { lines: before } = await client.logs({ lines: Math.max(wanted, 1), timeoutMs });
    show(wanted === 0 ? [] : before);
    while (given.has("follow")) {
      // Whoever follows ends it by a signal.
      await sleep(followPauseMs, new AbortController().signal);
      const { lines: now } = await client.logs({ lines: followLines, timeoutMs });
      show(newLines(before, now));
      before = now;
    }
    return commandExitCodes.ok;
  },
};

function lineCount(text: string | undefined): number {
  if (text === undefined) return linesDefault;
  if (/^\d{1,6}$/.test(text) && Number(text) <= linesMax) return Number(text);
  throw new UsageError(`invalid value '${text}' for '--lines': it is a number up to ${linesMax}`);
}
