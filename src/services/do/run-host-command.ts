import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { Log } from "../../base/log.ts";
import { commandLine, type HostCommand } from "../host-commands.ts";
import { ServiceError } from "../service-error.ts";

const run = promisify(execFile);

/** Moving what is swapped out back into memory takes its time. */
const commandMsMax = 300_000;
/** How long one that was called off may take to end. */
const endMsMax = 5_000;
const outputBytesMax = 1_048_576;

/**
 * Runs a tool of the host to its end (SVC-50, SVC-51); what it prints goes into the log.
 * @throws ServiceError `could not run` and the command line, with what the tool said; the signal's reason when it fires
 */
export async function runHostCommand(
  command: HostCommand,
  { log, env }: { readonly log: Log; readonly env: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<void> {
  const { service, file, args, removesItself } = command;
  const line = commandLine(command);
  signal.throwIfAborted();
  const running = run(file, args, { env, signal, timeout: commandMsMax, maxBuffer: outputBytesMax });
  const { child } = running;
  child.stdin?.end();
  const gone = new Promise<void>((resolve) => {
    child.once("close", resolve);
    if (child.pid === undefined) resolve();
  });
  try {
    const { stdout, stderr } = await running;
    for (const text of lines(stdout + stderr)) log.info(`${service}: ${text}`);
    log.info(`ran ${line}`);
  } catch (error) {
    // When it is called off, the promise does not wait for the process, which as root's may not even be ended by us.
    await Promise.race([gone, delay(endMsMax, undefined, { ref: false })]);
    signal.throwIfAborted();
    const failure = new ServiceError(service, `could not run \`${line}\``, { cause: reasonOf(error) });
    const ran = error instanceof Error && "code" in error && typeof error.code === "number";
    if (!ran || removesItself === null || (await exists(removesItself))) throw failure;
    log.warn(`${failure.message}; ${removesItself} is gone, so an earlier run has done it`);
  }
}

/** What ended the tool, and the last that it said. */
function reasonOf(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const { code } = error;
  if (typeof code === "string") return error;
  const killed = "signal" in error && typeof error.signal === "string" ? `signal ${error.signal}` : undefined;
  const said = "stderr" in error && typeof error.stderr === "string" ? lines(error.stderr).slice(-3).join("; ") : "";
  return new Error(`${killed ?? `exit status ${code}`}${said === "" ? "" : `: ${said}`}`);
}

function lines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
