import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../src/base/log.ts";
import { withScope } from "../src/base/scope.ts";
import { startCompute } from "../src/standin/demo/compute.ts";
import { type ComputeApi, watchStart } from "../src/standin/demo/compute-api.ts";
import { prepareCompute } from "../src/standin/demo/prepare-compute.ts";
import { type StandinStorage, startStorage } from "../src/standin/storage.ts";

/**
 * Runs a compute on stand-in storage from start to end, some times one after the other. `body` is called whenever it is running;
 * afterwards it is stopped, and nothing is left of it.
 * @param command the program, and what it is given before the compute's own arguments
 * @returns what `body` said each time
 * @throws Error with the end of the log when the compute ends before it is running
 */
export async function runCompute<T>(
  command: readonly string[],
  times: number,
  log: Log,
  body: (api: ComputeApi) => Promise<T>,
): Promise<readonly T[]> {
  return withScope(log, async (onExit) => {
    const folder = await mkdtemp(join(tmpdir(), "run-compute-"));
    onExit("remove the temporary folder", () => rm(folder, { recursive: true, force: true }));
    await chmod(folder, 0o755);
    const storage = await startStorage({ major: 17, workdir: folder, tokens: true, safekeepers: 3 });
    onExit("close the stand-in storage", storage.close);
    const results: T[] = [];
    for (let time = 0; time < times; time += 1) results.push(await runOnce(command, storage, folder, log, body));
    return results;
  });
}

async function runOnce<T>(
  [command = "", ...before]: readonly string[],
  storage: StandinStorage,
  folder: string,
  log: Log,
  body: (api: ComputeApi) => Promise<T>,
): Promise<T> {
  return withScope(log, async (onExit) => {
    const { api, args } = await prepareCompute(storage, folder);
    const compute = startCompute({
      command,
      args: [...before, ...args],
      pgdata: join(folder, "pgdata"),
      logFile: join(folder, "compute.log"),
      verbose: false,
      show: log.warn,
    });
    onExit("stop the compute", compute.stop);
    const gone = new AbortController();
    void compute.ended.then((how) => gone.abort(new Error(`${how}: ${compute.lastLines().join("\n")}`)));
    for await (const { kind } of watchStart(api, gone.signal)) if (kind === "running") break;
    gone.signal.throwIfAborted();
    return body(api);
  });
}
