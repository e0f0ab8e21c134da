import { accessSync, constants, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  binaryCandidates,
  libraryFolders,
  libraryNames,
  type PostgresInstallation,
  PostgresNotFoundError,
} from "../installation.ts";
import { type PostgresVersion, parsePostgresVersion } from "../version.ts";
import { readEmbeddedVersion } from "./read-embedded-version.ts";

/** How long a tool of Postgres may take to say something about itself. */
const toolMsMax = 10_000;

/**
 * Finds Postgres (CLI-5): a bare name through PATH, its real folder, its version, and the folder of its libraries. The files
 * are looked at without waiting: that is a few local calls on the way to the first HTTP answer. What is no plain binary is
 * asked by `postgres --version`, which also root may do.
 * @throws PostgresNotFoundError when there is none, or none of a version that can be run
 */
export async function locatePostgres(
  wanted: { readonly pgbin: string; readonly path: string | undefined },
  signal: AbortSignal,
): Promise<PostgresInstallation> {
  const pgbin = findBinary(wanted.pgbin, wanted.path);
  const bindir = dirname(pgbin);
  const { major, version } = await askVersion(pgbin, signal);
  const { libdir, libraries } = await findLibraries(pgbin, signal);
  return { pgbin, bindir, major, version, libdir, hasLibrary: (name) => libraries.has(name) };
}

function findBinary(pgbin: string, path: string | undefined): string {
  const candidates = binaryCandidates(pgbin, path);
  let unusable: string | undefined;
  for (const candidate of candidates) {
    const file = fileAt(candidate);
    if (file === undefined) continue;
    if (file.isFile() && isExecutable(candidate)) return realpathSync(candidate);
    unusable ??= candidate;
  }
  if (unusable !== undefined) throw new PostgresNotFoundError(`${unusable} is not a file that can be executed`);
  const tried = candidates.length === 0 ? "any absolute folder of PATH" : candidates.join(", ");
  throw new PostgresNotFoundError(`no Postgres at ${tried}`);
}

function fileAt(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function askVersion(pgbin: string, signal: AbortSignal): Promise<PostgresVersion> {
  let answer: string;
  try {
    answer = readEmbeddedVersion(pgbin) ?? (await askTool(pgbin, "--version", signal));
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
    const libraries = librariesIn(libdir);
    if (libraries.has("plpgsql")) return { libdir, libraries };
  }
  const libdir = await askTool(`${bindir}/pg_config`, "--pkglibdir", signal).catch(() => undefined);
  signal.throwIfAborted();
  if (libdir !== undefined) {
    const libraries = librariesIn(libdir);
    if (libraries.has("plpgsql")) return { libdir, libraries };
  }
  const tried = libraryFolders(bindir).map((folder) => resolve(folder));
  throw new PostgresNotFoundError(
    `cannot find the libraries of ${pgbin}: none of ${tried.join(", ")} holds plpgsql, and pg_config is no help`,
  );
}

function librariesIn(folder: string): ReadonlySet<string> {
  try {
    return libraryNames(readdirSync(folder));
  } catch {
    return new Set();
  }
}

async function askTool(tool: string, question: string, signal: AbortSignal): Promise<string> {
  const [{ execFile }, { promisify }] = await Promise.all([import("node:child_process"), import("node:util")]);
  const { stdout } = await promisify(execFile)(tool, [question], { signal, timeout: toolMsMax, killSignal: "SIGKILL" });
  return stdout.trim();
}
