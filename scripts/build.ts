/**
 * `npm run build`: makes what is shipped, in `dist/`. See docs/building.md.
 */
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Log } from "../src/base/log.ts";
import { bundleProgram } from "./build/bundle.ts";
import { recordCodeCache } from "./build/code-cache.ts";
import { buildExecutable } from "./build/executable.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
/** Node says of its foreign function interface, with which orphans are reaped, that it may change; its version is fixed here. */
const nodeFlags: readonly string[] = ["--disable-warning=ExperimentalWarning"];

const complain = (message: string): void => void process.stderr.write(`${message}\n`);
const log: Log = { debug: () => {}, info: complain, warn: complain, error: complain, span: () => log };

async function main(): Promise<void> {
  const workdir = await mkdtemp(join(tmpdir(), "build-"));
  try {
    await rm(dist, { recursive: true, force: true });
    await mkdir(dist);
    const bundle = await bundleProgram(root, "src/main.ts");
    const programFile = join(workdir, "program.cjs");
    await writeFile(programFile, bundle.text, "latin1");
    log.info(`bundle: ${bundle.text.length} bytes, ${bundle.packages.length} packages`);
    const codeCacheFile = join(workdir, "code-cache");
    const cache = await recordCodeCache(programFile, nodeFlags, log);
    await writeFile(codeCacheFile, cache);
    log.info(`compiled code: ${cache.length} bytes`);
    const output = join(dist, "compute_ctl");
    await buildExecutable({ node: process.execPath, nodeFlags, programFile, codeCacheFile, workdir, output });
    log.info(`${output}: ${(await stat(output)).size} bytes`);
  } finally {
    await rm(workdir, { recursive: true, force: true });
  }
}

await main();
