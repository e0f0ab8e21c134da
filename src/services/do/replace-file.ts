import { type FileHandle, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { errorCode } from "../../base/error-chain.ts";

const newFileMode = 0o644;
/** What a folder says in which this user may write files, but not make or exchange them; and a file that is mounted by itself. */
const inPlaceCodes: ReadonlySet<string | undefined> = new Set(["EACCES", "EPERM", "EROFS", "EBUSY", "EXDEV"]);

let temporaries = 0;

/** A file's text, or null when there is no such file, or no such folder. */
export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return null;
    throw error;
  }
}

/**
 * Replaces a service's file so that its readers see either all of the old text or all of the new (SVC-T2); an existing file
 * keeps its owner and mode, a link its target. Where the folder belongs to somebody else, as `/etc` does in Neon's image, the
 * file is written in place, by one write.
 * @throws the file system's error; then the old text is still there, unless the disk filled up during a write in place
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  try {
    await replaceByRename(target, text);
  } catch (error) {
    if (!inPlaceCodes.has(errorCode(error))) throw error;
    await overwrite(target, text, error);
  }
}

async function replaceByRename(path: string, text: string): Promise<void> {
  const old = await stat(path).catch(() => null);
  temporaries += 1;
  const temporary = `${path}.tmp-${process.pid}-${temporaries}`;
  try {
    const file = await open(temporary, "wx", newFileMode);
    await finish(file, async () => {
      if (old !== null) {
        const made = await file.stat();
        if (made.uid !== old.uid || made.gid !== old.gid) await file.chown(old.uid, old.gid);
        await file.chmod(old.mode & 0o7777);
      }
      await file.writeFile(text);
    });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

async function overwrite(path: string, text: string, cause: unknown): Promise<void> {
  const bytes = Buffer.from(text);
  const file = await open(path, "r+").catch((error: unknown) => {
    // There is no file to write into: why none could be made says more.
    throw errorCode(error) === "ENOENT" ? cause : error;
  });
  await finish(file, async () => {
    await file.write(bytes, 0, bytes.length, 0);
    await file.truncate(bytes.length);
  });
}

/** Writes, sees to it that the disk has it, and closes the file whatever happens. */
async function finish(file: FileHandle, write: () => Promise<void>): Promise<void> {
  try {
    await write();
    await file.sync();
  } finally {
    await file.close();
  }
}
