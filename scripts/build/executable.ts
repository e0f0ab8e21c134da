import { execFile } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { bundleMain } from "./bundle-main.ts";
import { partNames } from "./parts.ts";

const run = promisify(execFile);

/** The kernel keeps a file in memory in pieces as it was written; small ones keep small what a process maps of it. */
const pieceBytes = 4096;

/** What goes into an executable. */
export interface ExecutableParts {
  /** The Node to build upon. */
  readonly node: string;
  readonly nodeFlags: readonly string[];
  /** The folder with each part's script, as `PART.cjs`, and compiled code, as `PART.code`. */
  readonly scripts: string;
  /** Not for another kind of machine than this one. */
  readonly withCode: boolean;
  /** Where drafts are written. */
  readonly workdir: string;
  readonly output: string;
}

/** Makes the executable: Node, the program and its compiled code in one file. */
export async function buildExecutable(parts: ExecutableParts): Promise<void> {
  const { node, nodeFlags, scripts, withCode, workdir, output } = parts;
  const draft = join(workdir, "draft");
  await bundleMain("main-of-executable.cjs", join(workdir, "main.cjs"));
  const assets = partNames.flatMap((part) => [
    [part, join(scripts, `${part}.cjs`)],
    ...(withCode ? [[`${part}.code`, join(scripts, `${part}.code`)]] : []),
  ]);
  const config = {
    // Without a folder: it is kept in the executable.
    main: "main.cjs",
    executable: node,
    output: draft,
    disableExperimentalSEAWarning: true,
    // Of this little script; its cache would differ from build to build.
    useCodeCache: false,
    execArgv: nodeFlags,
    // NODE_OPTIONS is for Node's users, who need not know that this is one.
    execArgvExtension: "none",
    assets: Object.fromEntries(assets),
  };
  const configFile = join(workdir, "executable.json");
  await writeFile(configFile, JSON.stringify(config));
  await run(process.execPath, ["--build-sea", configFile], { cwd: workdir });
  await rm(output, { force: true });
  await pipeline(createReadStream(draft, { highWaterMark: pieceBytes }), createWriteStream(output));
  await chmod(output, 0o755);
  await rm(draft);
}
