/**
 * Starts a compute on the stand-in and writes the waterfall of its start into docs/how-it-works.md:
 * `npm run start-waterfall [-- COMMAND]`, where COMMAND is the program to run, `dist/compute_ctl` unless given.
 */
import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Log } from "../src/base/log.ts";
import { withScope } from "../src/base/scope.ts";
import { startCompute } from "../src/standin/demo/compute.ts";
import { watchStart } from "../src/standin/demo/compute-api.ts";
import { prepareCompute } from "../src/standin/demo/prepare-compute.ts";
import { startStorage } from "../src/standin/storage.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const complain = (message: string): void => void process.stderr.write(`${message}\n`);
const log: Log = { debug: () => {}, info: complain, warn: complain, error: complain, span: () => log };
const marks = ["<!-- waterfall -->", "<!-- /waterfall -->"] as const;

/** The phases of one start, as `compute_ctl status` draws them. */
async function measure(command: string): Promise<string> {
  return withScope(log, async (onExit) => {
    const folder = await mkdtemp(join(tmpdir(), "waterfall-"));
    onExit("remove the temporary folder", () => rm(folder, { recursive: true, force: true }));
    await chmod(folder, 0o755);
    const storage = await startStorage({ major: 17, workdir: folder, tokens: true, safekeepers: 3 });
    onExit("close the stand-in storage", storage.close);
    const { api, args } = await prepareCompute(storage, folder);
    const files = { pgdata: join(folder, "pgdata"), logFile: join(folder, "compute.log") };
    const compute = startCompute({ command, args, ...files, verbose: false, show: () => {} });
    onExit("stop the compute", compute.stop);
    const gone = new AbortController();
    void compute.ended.then((how) => gone.abort(new Error(`${how}\n${compute.lastLines().join("\n")}`)));
    for await (const { kind } of watchStart(api, gone.signal)) if (kind === "running") break;
    const env = { ...process.env, COMPUTE_CTL_TOKEN: api.token };
    const { stdout } = await run(command, ["status", "--url", api.url], { env });
    return stdout.slice(stdout.indexOf("\nphase ")).trim();
  });
}

const command = resolve(process.argv[2] ?? join(root, "dist/compute_ctl"));
const waterfall = await measure(command);
const file = join(root, "docs/how-it-works.md");
const text = await readFile(file, "utf8");
const [begin, end] = marks.map((mark) => text.indexOf(mark));
if (begin === undefined || end === undefined || begin < 0 || end < begin) throw new Error(`${file} lacks the marks`);
const block = `${marks[0]}\n\`\`\`text\n${waterfall}\n\`\`\`\n`;
await writeFile(file, `${text.slice(0, begin)}${block}${text.slice(end)}`);
