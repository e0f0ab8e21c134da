import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Why a test that needs a small or read-only file system is skipped; false when it is not. */
export const withoutTmpfs: string | false = process.getuid?.() === 0 ? false : "only root can mount a tmpfs";

/** Runs `body` while a folder is a file system of its own, with these options, such as `size=64k`. */
export async function onTmpfs(folder: string, options: string, body: () => Promise<void>): Promise<void> {
  await run("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]);
  try {
    await body();
  } finally {
    await run("umount", [folder]);
  }
}
