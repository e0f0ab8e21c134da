import { execFile } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The kernel keeps a file in memory in pieces as it was written; small ones keep small what a process maps of it. */
const pieceBytes = 4096;

/** What goes into an executable. */
export interface ExecutableParts {
  /** The Node to build upon. */
  readonly node: string;
  readonly nodeFlags: readonly string[];
  readonly programFile: string;
  /** Null for another kind of machine than this one. */
  readonly codeCacheFile: string | null;
  /** Where drafts are written. */
  readonly workdir: string;
  readonly output: string;
}

/** Makes the executable: Node, the program and its compiled code in one file. */
export async function buildExecutable(parts: ExecutableParts): Promise<void> {
  const { node, nodeFlags, programFile, codeCacheFile, workdir, output } = parts;
  const draft = join(workdir, "draft");
  const config = {
    main: new URL("load-program.cjs", import.meta.url).pathname,
    executable: node,
    output: draft,
    disableExperimentalSEAWarning: true,
    // Of this little script; its cache would differ from build to build.
    useCodeCache: false,
    execArgv: nodeFlags,
    // NODE_OPTIONS is for Node's users, who need not know that this is one.
    execArgvExtension: "none",
    assets: { program: programFile, ...(codeCacheFile === null ? {} : { "code-cache": codeCacheFile }) },
  };
  const configFile = join(workdir, "executable.json");
  await writeFile(configFile, JSON.stringify(config));
  await run(process.execPath, ["--build-sea", configFile]);
  await rm(output, { force: true });
  await pipeline(createReadStream(draft, { highWaterMark: pieceBytes }), createWriteStream(output));
  await chmod(output, 0o755);
  await rm(draft);
}
