import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { errorCode } from "../../base/error-chain.ts";
import { type PostgresInstallation, shareFolders } from "../installation.ts";

const run = promisify(execFile);
const toolMsMax = 10_000;

/** Where an installed Postgres looks for the files of extensions. */
export interface ExtensionFolders {
  /** Control files and scripts: `<sharedir>/extension`. */
  readonly extension: string;
  /** Loadable libraries: `pkglibdir`. */
  readonly library: string;
}

/**
 * Asks the `pg_config` beside the binary where extensions belong (EXT-21, EXT-37). Some installations lack it; there the
 * folders are where PL/pgSQL, which every Postgres has, is found.
 * @throws Error that names the installation when neither tells
 */
export async function findExtensionFolders(
  { bindir, libdir }: Pick<PostgresInstallation, "bindir" | "libdir">,
  signal: AbortSignal,
): Promise<ExtensionFolders> {
  const tool = join(bindir, "pg_config");
  try {
    const [sharedir, pkglibdir] = await Promise.all([
      ask(tool, "--sharedir", signal),
      ask(tool, "--pkglibdir", signal),
    ]);
    return { extension: join(sharedir, "extension"), library: pkglibdir };
  } catch (cause) {
    signal.throwIfAborted();
    if (errorCode(cause) !== "ENOENT") throw new Error(`${tool} does not tell where extensions belong`, { cause });
  }
  const tried = shareFolders(bindir).map((folder) => resolve(folder, "extension"));
  for (const extension of tried) {
    if (await exists(join(extension, "plpgsql.control"))) return { extension, library: libdir };
  }
  throw new Error(
    `cannot tell where extensions belong: there is no ${tool}, and no plpgsql.control in ${tried.join(", ")}`,
  );
}

async function ask(tool: string, question: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await run(tool, [question], { signal, timeout: toolMsMax, killSignal: "SIGKILL" });
  const folder = stdout.trim();
  if (!folder.startsWith("/")) throw new Error(`it answers ${JSON.stringify(folder.slice(0, 80))} to ${question}`);
  return folder;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
