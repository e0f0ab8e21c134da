import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
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

let temporaries = 0;

/**
 * Writes a whole file so that every reader, and every crash, sees either all of the old text or all of the new (CONF-T1).
 * @throws the file system's error; then the old file is untouched and nothing is left beside it
 */
export async function writeFileAtomic(path: string, text: string, { mode, owner }: FileRights): Promise<void> {
  temporaries += 1;
  const temporary = `${path}.tmp-${process.pid}-${temporaries}`;
  try {
    const file = await open(temporary, "w", mode);
    try {
      await file.chmod(mode); // the umask may have taken bits away
      if (owner !== null) await file.chown(owner.uid, owner.gid);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A file's text, or null when there is no such file. */
export async function readIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
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
  const before = await readIfPresent(path);
  const after = edit(before);
  if (after === before) return;
  const mode = before === null ? privateMode : (await stat(path)).mode & 0o777;
  await writeFileAtomic(path, after, { mode, owner });
}

/** Writes `<pgdata>/postgresql.conf`. Tells whether its text changed; if not, Postgres needs no reload. */
export async function writePostgresqlConf(pgdata: string, text: string, owner: Owner | null): Promise<boolean> {
  const path = join(pgdata, "postgresql.conf");
  if ((await readIfPresent(path)) === text) return false;
  await writeFileAtomic(path, text, { mode: privateMode, owner });
  return true;
}

/** Replaces the settings that stand above postgresql.conf for a while (CONF-41); empty text lifts them. */
export async function writeOverride(pgdata: string, text: string, owner: Owner | null): Promise<void> {
  await writeFileAtomic(join(pgdata, overrideFileName), text, { mode: privateMode, owner });
}
