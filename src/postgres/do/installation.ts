import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, readdir, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import {
  binaryCandidates,
  libraryFolders,
  libraryNames,
  type PostgresInstallation,
  PostgresNotFoundError,
} from "../installation.ts";
import { type PostgresVersion, parsePostgresVersion } from "../version.ts";

const run = promisify(execFile);

/** How long a tool of Postgres may take to say something about itself. */
const toolMsMax = 10_000;

/**
 * Finds Postgres (CLI-5): a bare name through PATH, its real folder, its version from `postgres --version`, which also root
 * may ask, and the folder of its libraries.
 * @throws PostgresNotFoundError when there is none, or none of a version that can be run
 */
export async function locatePostgres(
  wanted: { readonly pgbin: string; readonly path: string | undefined },
  signal: AbortSignal,
): Promise<PostgresInstallation> {
  const pgbin = await findBinary(wanted.pgbin, wanted.path);
  const bindir = dirname(pgbin);
  const { major, version } = await askVersion(pgbin, signal);
  const { libdir, libraries } = await findLibraries(pgbin, signal);
  return { pgbin, bindir, major, version, libdir, hasLibrary: (name) => libraries.has(name) };
}

async function findBinary(pgbin: string, path: string | undefined): Promise<string> {
  const candidates = binaryCandidates(pgbin, path);
  let unusable: string | undefined;
  for (const candidate of candidates) {
    const file = await stat(candidate).catch(() => undefined);
    if (file === undefined) continue;
    if (file.isFile() && (await isExecutable(candidate))) return await realpath(candidate);
    unusable ??= candidate;
  }
  if (unusable !== undefined) throw new PostgresNotFoundError(`${unusable} is not a file that can be executed`);
  const tried = candidates.length === 0 ? "any absolute folder of PATH" : candidates.join(", ");
  throw new PostgresNotFoundError(`no Postgres at ${tried}`);
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function askVersion(pgbin: string, signal: AbortSignal): Promise<PostgresVersion> {
  let answer: string;
  try {
    answer = await askTool(pgbin, "--version", signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw new PostgresNotFoundError(`cannot use ${pgbin} as Postgres: it does not tell its version`, { cause });
  }
  const version = parsePostgresVersion(answer);
  if (!version.ok) throw new PostgresNotFoundError(`cannot use ${pgbin} as Postgres: ${version.message}`);
  return version.value;
}

/** Every Postgres has PL/pgSQL, so its library tells the folder. Some installations lack pg_config, which is asked last. */
async function findLibraries(
  pgbin: string,
  signal: AbortSignal,
): Promise<{ readonly libdir: string; readonly libraries: ReadonlySet<string> }> {
  const bindir = dirname(pgbin);
  for (const folder of libraryFolders(bindir)) {
    const libdir = resolve(folder);
    const libraries = await librariesIn(libdir);
    if (libraries.has("plpgsql")) return { libdir, libraries };
  }
  const libdir = await askTool(`${bindir}/pg_config`, "--pkglibdir", signal).catch(() => undefined);
  signal.throwIfAborted();
  if (libdir !== undefined) {
    const libraries = await librariesIn(libdir);
    if (libraries.has("plpgsql")) return { libdir, libraries };
  }
  const tried = libraryFolders(bindir).map((folder) => resolve(folder));
  throw new PostgresNotFoundError(
    `cannot find the libraries of ${pgbin}: none of ${tried.join(", ")} holds plpgsql, and pg_config is no help`,
  );
}

async function librariesIn(folder: string): Promise<ReadonlySet<string>> {
  return libraryNames(await readdir(folder).catch(() => []));
}

async function askTool(tool: string, question: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await run(tool, [question], { signal, timeout: toolMsMax, killSignal: "SIGKILL" });
  return stdout.trim();
}
