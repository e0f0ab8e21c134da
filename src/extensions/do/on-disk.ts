import { InstallError } from "../errors.ts";

/** Runs work on our own disk. @throws InstallError `what`, with the disk's error as its cause */
export async function onDisk<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new InstallError(what, { cause });
  }
}
