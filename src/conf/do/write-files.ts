import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { errorCode } from "../../base/error-chain.ts";
import type { Owner } from "../../base/owner.ts";
import { overrideFileName } from "../postgresql-conf.ts";

/** Who may do what with a new file, and whose it is. */
interface FileRights {
  readonly mode: number;
  readonly owner: Owner | null;
}

/** Rights of a file that only its owner reads. */
export const privateMode = 0o600;

const sync = promisify(fsync);
let temporaries = 0;

/*
 * These files are small and few. Calls that wait for nothing but the kernel are synchronous: a start would have to wait for the
 * event loop a dozen times over otherwise.
 */

/**
 * Writes a whole file so that every reader, and every crash, sees either all of the old text or all of the new (CONF-T1).
 * @throws the file system's error; then the old file is untouched and nothing is left beside it
 */
export async function writeFileAtomic(path: string, text: string, rights: FileRights): Promise<void> {
  await writeFilesAtomic([{ path, text }], rights);
}

/**
 * Writes files that belong together: all of them are on disk before the first takes the place of its old text (CONF-T14).
 * @throws the file system's error; when it comes before that moment, every old file is untouched. Nothing is left beside them
 */
export async function writeFilesAtomic(
  files: readonly { readonly path: string; readonly text: string }[],
  rights: FileRights,
): Promise<void> {
  const staged: { readonly temporary: string; readonly path: string }[] = [];
  try {
    for (const { path, text } of files) {
      temporaries += 1;
      const temporary = `${path}.tmp-${process.pid}-${temporaries}`;
      staged.push({ temporary, path });
      // Without an old text there is nothing to lose: whatever a crash of the machine leaves, the next start makes anew.
      await writeTemporary(temporary, text, rights, existsSync(path));
    }
    for (const { temporary, path } of staged) renameSync(temporary, path);
  } catch (error) {
    for (const { temporary } of staged) rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Never through a file or link that somebody put there before: the folder may be that of Postgres's user, and this program
 * root. What a crash left behind gives way.
 */
async function writeTemporary(
  path: string,
  text: string,
  { mode, owner }: FileRights,
  untilOnDisk: boolean,
): Promise<void> {
  rmSync(path, { force: true });
  const file = openSync(path, "wx", mode);
  try {
    fchmodSync(file, mode); // the umask may have taken bits away
    if (owner !== null) fchownSync(file, owner.uid, owner.gid);
    writeFileSync(file, text);
    if (untilOnDisk) await sync(file);
  } finally {
    closeSync(file);
  }
}

/** A file's text, or null when there is no such file. */
export function readIfPresent(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

/** Replaces a file by what `edit` makes of its text, null for none; keeps its mode. Equal text is not written again. */
export async function editFile(
  path: string,
  owner: Owner | null,
  edit: (text: string | null) => string,
): Promise<void> {
  const before = readIfPresent(path);
  const after = edit(before);
  if (after === before) return;
  const mode = before === null ? privateMode : statSync(path).mode & 0o777;
  await writeFileAtomic(path, after, { mode, owner });
}

/**
 * Writes `<pgdata>/postgresql.conf`. Tells whether its text changed; if not, Postgres needs no reload.
 * @param accept asked before a changed text takes the place of the old one, which stays when it throws
 */
export async function writePostgresqlConf(
  pgdata: string,
  text: string,
  owner: Owner | null,
  accept: () => Promise<void> = async () => {},
): Promise<boolean> {
  const path = join(pgdata, "postgresql.conf");
  if (readIfPresent(path) === text) return false;
  await accept();
  await writeFileAtomic(path, text, { mode: privateMode, owner });
  return true;
}

/** Replaces the settings that stand above postgresql.conf for a while (CONF-41); empty text lifts them. */
export async function writeOverride(pgdata: string, text: string, owner: Owner | null): Promise<void> {
  await writeFileAtomic(join(pgdata, overrideFileName), text, { mode: privateMode, owner });
}
