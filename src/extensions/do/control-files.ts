import { randomUUID } from "node:crypto";
import { lchown, link, readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { Owner } from "../../base/owner.ts";
import type { RemoteExtensions } from "../../spec/types.ts";
import { type ControlFile, planControlFiles } from "../control-files.ts";
import { InstallError } from "../errors.ts";

/** Where control files go. */
export interface ControlFileTarget {
  /** `<sharedir>/extension`. */
  readonly folder: string;
  /** Whom they belong to; null for this process. */
  readonly owner: Owner | null;
  readonly log: Log;
}

/** An installation that is not ours to write to, or that somebody keeps as it is. */
const forbidden: readonly (string | undefined)[] = ["EACCES", "EPERM", "EROFS"];

/**
 * Writes the control files of a spec, each whole or not at all; one that exists wins (EXT-21). In an installation that this
 * process may not write to there is an error in the log and nothing else: Postgres runs without these extensions.
 * @throws InstallError for every other failure, such as a full disk
 */
export async function writeControlFiles(remote: RemoteExtensions, target: ControlFileTarget): Promise<void> {
  const { log, folder } = target;
  const { files, refused } = planControlFiles(remote);
  for (const name of refused)
    log.warn(`control file ${JSON.stringify(name)} is left out: that is not the name of a file`);
  for (const file of files) {
    try {
      await writeOne(file, target);
    } catch (cause) {
      const error = new InstallError(`cannot write control file ${join(folder, file.name)}`, { cause });
      if (!forbidden.includes(errorCode(cause))) throw error;
      log.error(`${error.message}: none of the spec's remote_extensions can be installed`, { code: errorCode(cause) });
      return;
    }
  }
}

async function writeOne({ name, content }: ControlFile, { folder, owner, log }: ControlFileTarget): Promise<void> {
  const path = join(folder, name);
  const existing = await readFile(path, "utf8").catch((error) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (existing === undefined) {
    const fresh = `${path}.${randomUUID()}`;
    try {
      // Less the umask.
      await writeFile(fresh, content, { mode: 0o666, flag: "wx" });
      if (owner !== null) await lchown(fresh, owner.uid, owner.gid);
      await link(fresh, path);
    } finally {
      await unlink(fresh).catch(() => {});
    }
  } else if (existing !== content) {
    log.warn(`control file ${name} exists already and differs from the spec's: it stays as it is`);
  }
}
