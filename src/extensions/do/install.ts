import { randomUUID } from "node:crypto";
import {
  chmod,
  copyFile,
  lchown,
  link,
  lstat,
  mkdir,
  readlink,
  rename,
  rmdir,
  symlink,
  unlink,
  utimes,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode } from "../../base/error-chain.ts";
import type { Owner } from "../../base/owner.ts";
import { installOrder } from "../archive-policy.ts";
import { onDisk } from "./on-disk.ts";
import type { StagedArchive, StagedFile } from "./unpack.ts";

/** Where the files of extensions are, in a Postgres installation. */
export interface InstallFolders {
  /** `<sharedir>/extension`. */
  readonly extension: string;
  /** `pkglibdir`. */
  readonly library: string;
}

/** A file on its way: `source` is on the file system of `target`. */
interface Move {
  readonly source: string;
  readonly target: string;
}

/** Of folders that an archive has no member for. */
const folderMode = 0o755;

/** What a move did, so that it can be taken back. `backup` is a second name of the file that was there before. */
interface Done {
  readonly target: string;
  readonly backup: string | null;
}

/**
 * Moves the files of a staged archive to where Postgres looks for them (EXT-37): libraries first, control files last, each
 * in one step, in place of a file of the same name. Across file systems everything is copied first, so that a full disk shows
 * before anything is visible (trap 5). When a step fails, those before it are taken back.
 * @throws InstallError; the folders are as they were then
 */
export async function installArchive(
  archive: StagedArchive,
  folders: InstallFolders,
  owner: Owner | null,
): Promise<void> {
  const mark = `.${randomUUID()}`;
  const madeFolders: string[] = [];
  const copies: string[] = [];
  const done: Done[] = [];
  try {
    await makeFolders(archive, folders, owner, madeFolders);
    const moves: Move[] = [];
    for (const file of installOrder(archive.files)) {
      moves.push(await bringNear(file, join(folders[file.place], ...file.path), mark, copies));
    }
    for (const move of moves) done.push(await replace(move, mark));
  } catch (error) {
    for (const { target, backup } of done.reverse()) {
      await quietly(() => (backup === null ? unlink(target) : rename(backup, target)));
    }
    for (const copy of copies) await quietly(() => unlink(copy));
    for (const folder of madeFolders.reverse()) await quietly(() => rmdir(folder));
    throw error;
  }
  for (const { backup } of done) if (backup !== null) await quietly(() => unlink(backup));
}

/** Makes the folders that the archive has below the two places, with its modes; those that exist stay as they are. */
async function makeFolders(
  { files, folders: wanted }: StagedArchive,
  folders: InstallFolders,
  owner: Owner | null,
  made: string[],
): Promise<void> {
  const modes = new Map(wanted.map(({ place, path, mode }) => [join(folders[place], ...path), mode]));
  const needed = new Set(
    [...wanted, ...files.map(({ place, path }) => ({ place, path: path.slice(0, -1) }))].flatMap(({ place, path }) =>
      path.map((_, index) => join(folders[place], ...path.slice(0, index + 1))),
    ),
  );
  for (const folder of needed) {
    await onDisk(`cannot create ${folder}`, async () => {
      if ((await lstat(folder).catch(() => undefined))?.isDirectory()) return;
      if (!(await makeFolder(folder))) return;
      made.push(folder);
      if (owner !== null) await lchown(folder, owner.uid, owner.gid);
      // The process's umask does not count (EXT-36).
      await chmod(folder, modes.get(folder) ?? folderMode);
    });
  }
}

/** False when another archive made it meanwhile. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Sees to it that a file lies on the file system of its target. */
async function bringNear({ staged }: StagedFile, target: string, mark: string, copies: string[]): Promise<Move> {
  return onDisk(`cannot install ${target}`, async () => {
    const [own, there] = await Promise.all([lstat(staged), lstat(dirname(target))]);
    if ((await lstat(target).catch(() => undefined))?.isDirectory()) {
      throw new Error("a folder is where the archive has a file");
    }
    if (own.dev === there.dev) return { source: staged, target };
    const copy = `${target}${mark}.new`;
    copies.push(copy);
    if (own.isSymbolicLink()) {
      await symlink(await readlink(staged), copy);
      await lchown(copy, own.uid, own.gid);
    } else {
      await copyFile(staged, copy);
      await utimes(copy, own.atime, own.mtime);
      await lchown(copy, own.uid, own.gid);
      await chmod(copy, own.mode & 0o777);
    }
    return { source: copy, target };
  });
}

async function replace({ source, target }: Move, mark: string): Promise<Done> {
  return onDisk(`cannot install ${target}`, async () => {
    const backup = (await keepOld(target, `${target}${mark}.old`)) ? `${target}${mark}.old` : null;
    try {
      await rename(source, target);
    } catch (error) {
      if (backup !== null) await quietly(() => unlink(backup));
      throw error;
    }
    return { target, backup };
  });
}

/** Keeps the file that is to be replaced under a second name, or a copy where it may not be linked; false when there is none. */
async function keepOld(target: string, backup: string): Promise<boolean> {
  try {
    await link(target, backup).catch(async (error) => {
      if (errorCode(error) !== "EPERM") throw error;
      await copyFile(target, backup);
    });
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

async function quietly(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch {
    // Taking back is best effort: what stays behind is a file that nothing names.
  }
}
