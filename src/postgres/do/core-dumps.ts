import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describeError, errorCode } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";

const run = promisify(execFile);

const debuggerMsMax = 30_000;
const outputBytesMax = 16 * 1024 * 1024;

/** Logs a backtrace of every core file in a folder (LIFE-37); bounded for each. Never rejects: the end must not depend on it. */
export async function reportCoreDumps(folder: string, pgbin: string, log: Log): Promise<void> {
  try {
    const cores = (await readdir(folder)).filter((name) => name === "core" || name.startsWith("core."));
    for (const name of cores) {
      const core = join(folder, name);
      log.warn(`core dump found: ${core}, collecting backtrace`);
      const { stdout, stderr } = await backtrace(core, pgbin);
      log.warn(`core dump backtrace: ${stdout}`);
      log.warn(`debugger stderr: ${stderr}`);
    }
  } catch (error) {
    log.error(`could not look at core dumps: ${describeError(error)}`);
  }
}

async function backtrace(core: string, pgbin: string): Promise<{ stdout: string; stderr: string }> {
  const limits = { timeout: debuggerMsMax, maxBuffer: outputBytesMax };
  try {
    return await run("gdb", ["--batch", "-q", "-ex", "bt", pgbin, core], limits);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    return await run("lldb", ["-c", core, "--batch", "-o", "bt all", "-o", "quit"], limits);
  }
}
