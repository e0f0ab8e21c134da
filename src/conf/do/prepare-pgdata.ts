import { chmodSync, chownSync, lstatSync, mkdirSync, renameSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { describeError, errorCode } from "../../base/error-chain.ts";
import type { Owner } from "../../base/owner.ts";

/** The data directory could not be made. */
export class PgdataError extends Error {
  readonly code = "PGDATA";
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PgdataError";
  }
}

interface PreparePgdata {
  readonly pgdata: string;
  readonly owner: Owner | null;
  /** In lakebase mode, a data directory that is there already will do, whatever is in it. */
  readonly keepGoing: boolean;
}

/** Removes what an earlier start left; resolves to what could not be removed, never rejects. */
interface Prepared {
  readonly oldRemoved: Promise<readonly string[]>;
}

/**
 * Makes the data directory empty, with mode 0700 (CONF-2). The old one is moved aside, as `<pgdata>.old-*`, and deleted
 * while the start goes on; one that cannot be moved, such as a mount point or a link, is emptied in place (CONF-T20).
 * @throws PgdataError that names the path and what to do
 */
export async function preparePgdata({ pgdata, owner, keepGoing }: PreparePgdata): Promise<Prepared> {
  const path = resolve(pgdata); // without a slash at the end, which would put the old directory inside
  try {
    await clearAway(path).catch((error: unknown) => {
      if (!keepGoing) throw error;
    });
    makeDirectory(path, keepGoing);
    chmodSync(path, 0o700);
    if (owner !== null) chownSync(path, owner.uid, owner.gid);
  } catch (error) {
    throw explained(path, error);
  }
  return { oldRemoved: removeLeftovers(path) };
}

function makeDirectory(path: string, keepGoing: boolean): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!keepGoing && errorCode(error) !== "EEXIST") throw error;
  }
}

async function clearAway(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (found.isSymbolicLink()) return empty(path);
  // Whatever this is, nobody meant it to be thrown away as an old data directory.
  if (!found.isDirectory()) {
    throw new PgdataError(
      `cannot prepare the data directory ${path}: it is no directory; name another place with --pgdata`,
    );
  }
  try {
    renameSync(path, `${path}.old-${process.pid}-${Date.now()}`);
  } catch {
    await empty(path);
  }
}

async function empty(path: string): Promise<void> {
  for (const name of await readdir(path)) await rm(join(path, name), { recursive: true, force: true });
}

async function removeLeftovers(path: string): Promise<readonly string[]> {
  const parent = dirname(path);
  const prefix = `${basename(path)}.old-`;
  const problems: string[] = [];
  try {
    for (const name of await readdir(parent)) {
      if (!name.startsWith(prefix)) continue;
      await rm(join(parent, name), { recursive: true, force: true }).catch((error: unknown) => {
        problems.push(`could not remove the old data directory ${join(parent, name)}: ${describeError(error)}`);
      });
    }
  } catch (error) {
    problems.push(`could not look for old data directories in ${parent}: ${describeError(error)}`);
  }
  return problems;
}

function explained(path: string, error: unknown): PgdataError {
  if (error instanceof PgdataError) return error;
  const parent = dirname(path);
  const advice: Readonly<Record<string, string>> = {
    ENOENT: `its parent ${parent}, or what it links to, does not exist; create that, or name another place with --pgdata`,
    ENOTDIR: `its parent ${parent} is not a directory; name another place with --pgdata`,
    EACCES: `this process may not write there; let its user own ${parent}, or name another place with --pgdata`,
    EPERM: `this process may not change its owner or mode; let its user own ${parent}`,
    EROFS: `${parent} is on a read-only file system; name another place with --pgdata`,
  };
  const why = advice[errorCode(error) ?? ""] ?? `look at ${parent}, or name another place with --pgdata`;
  return new PgdataError(`cannot prepare the data directory ${path}: ${why}`, { cause: error });
}
