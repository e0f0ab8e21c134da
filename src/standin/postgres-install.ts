import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, link, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { errorCode } from "../base/error-chain.ts";
import { type OsUser, pickUnprivilegedUser } from "./os-user.ts";
import type { PostgresMajor } from "./postgres-major.ts";

/** A Postgres that can be run as `runAs`, or as ourselves when that is null. */
export interface PostgresForUser {
  /** Where `postgres` and `initdb` are. */
  readonly bindir: string;
  readonly runAs: OsUser | null;
}

const run = promisify(execFile);
const probeMsMax = 20_000;
const everyoneReads = 0o004;

/**
 * A Postgres from the project's npm packages that an unprivileged user can run: in place where that works, else copied
 * into `workdir`, which that user must be able to enter (mode 0755 all the way up).
 * @throws Error that says what to do when there is no such package, user, or way to run it
 */
export async function postgresForUser(options: {
  readonly major: PostgresMajor;
  readonly workdir: string;
  /** Taken instead of the npm package's. */
  readonly installed?: string;
}): Promise<PostgresForUser> {
  const runAs = await findRunAs();
  const installed = options.installed ?? findNpmPostgres(options.major);
  const copied = join(options.workdir, `postgres-${options.major}`);
  const inPlace = (await tryLink(installed))
    ? await whyNotRunnable(installed, runAs)
    : "its libraries lack their links";
  if (inPlace === undefined) return { bindir: join(installed, "bin"), runAs };
  await copyInstallation(installed, copied);
  const problem = await whyNotRunnable(copied, runAs);
  if (problem === undefined) return { bindir: join(copied, "bin"), runAs };
  const who = runAs === null ? "this user" : `user ${runAs.name}`;
  throw new Error(
    `${who} can run Postgres neither from ${installed} (${inPlace}) nor from ${copied} (${problem}); ` +
      "set TMPDIR to a folder that every user may enter and run programs from",
  );
}

/**
 * The folder of an npm package's Postgres, with `bin`, `lib` and `share` in it.
 * @throws Error when the package is not installed
 */
function findNpmPostgres(major: PostgresMajor): string {
  const name = `postgres-${major}-linux-${process.arch}`;
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const found = folders.map((folder) => join(folder, name, "native")).find((native) => existsSync(native));
  if (found !== undefined) return found;
  throw new Error(
    `npm package ${name} is not installed: run \`npm ci\` (without --omit=optional) in the project's folder, on Linux x64 or arm64`,
  );
}

/** Postgres refuses root; anyone else runs it as themselves. */
async function findRunAs(): Promise<OsUser | null> {
  if (process.getuid?.() !== 0) return null;
  const user = pickUnprivilegedUser(await readFile("/etc/passwd", "utf8"));
  if (user !== undefined) return user;
  throw new Error(
    "Postgres must not run as root, and there is no user postgres or nobody: run `useradd --system postgres`",
  );
}

/** Why `postgres` cannot be run by the user; undefined when it can. */
async function whyNotRunnable(native: string, runAs: OsUser | null): Promise<string | undefined> {
  const credentials = runAs === null ? {} : { uid: runAs.uid, gid: runAs.gid };
  try {
    await run(join(native, "bin/postgres"), ["--version"], { ...credentials, cwd: "/", timeout: probeMsMax });
    return undefined;
  } catch (error) {
    return errorCode(error) ?? String(error);
  }
}

/** Makes the links between libraries; false where we may not write, and they are not there yet. */
async function tryLink(native: string): Promise<boolean> {
  try {
    await linkLibraries(native);
    return true;
  } catch (error) {
    if (["EACCES", "EPERM", "EROFS"].includes(errorCode(error) ?? "")) return false;
    throw error;
  }
}

/** The package lists links that its install script would make; npm need not have run that. Links that exist stay. */
async function linkLibraries(native: string): Promise<void> {
  const root = dirname(native);
  for (const { source, target } of decodeLinks(await readFile(join(native, "pg-symlinks.json"), "utf8"))) {
    try {
      await symlink(relative(dirname(target), source), join(root, target));
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }
}

function decodeLinks(json: string): readonly { readonly source: string; readonly target: string }[] {
  const links: unknown = JSON.parse(json);
  if (!Array.isArray(links)) throw new Error("pg-symlinks.json is not a list");
  return links.map((entry: unknown) => {
    if (typeof entry === "object" && entry !== null && "source" in entry && "target" in entry) {
      const { source, target } = entry;
      if (typeof source === "string" && typeof target === "string") return { source, target };
    }
    throw new Error(`pg-symlinks.json has an entry without source and target: ${JSON.stringify(entry)}`);
  });
}

/** Copies an installation for everyone to use; another process may be doing the same, and one copy wins. */
async function copyInstallation(native: string, copied: string): Promise<void> {
  if (existsSync(copied)) return;
  const parent = await mkdtemp(`${copied}.`);
  try {
    const fresh = join(parent, "native");
    await copyTree(native, fresh);
    await linkLibraries(fresh);
    await rename(fresh, copied);
  } catch (error) {
    if (!["EEXIST", "ENOTEMPTY"].includes(errorCode(error) ?? "")) throw error;
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.isFile()) await linkOrCopy(source, target);
  }
}

/** A hard link where the file system allows and everyone may read the file, else a copy that everyone may read. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  const { mode } = await stat(source);
  const executable = (mode & 0o100) !== 0;
  const shared = (mode & everyoneReads) !== 0 && (!executable || (mode & 0o001) !== 0);
  if (shared && (await tryHardLink(source, target))) return;
  await copyFile(source, target);
  await chmod(target, executable ? 0o755 : 0o644);
}

async function tryHardLink(source: string, target: string): Promise<boolean> {
  try {
    await link(source, target);
    return true;
  } catch (error) {
    // Another file system, or a kernel that protects other users' files: both mean "copy".
    if (["EXDEV", "EPERM", "EMLINK"].includes(errorCode(error) ?? "")) return false;
    throw error;
  }
}
