import { chmod, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { World } from "../support/world.ts";

/** Tools to put in the place of an installation's own: shell scripts by their name. */
export interface Wrapping {
  readonly postgres: string;
  /** Libraries that the installation is to seem to have, besides its own. */
  readonly libraries?: readonly string[];
}

/** The path of the real `postgres`, for scripts. */
export function realPostgres(world: World): string {
  return join(world.storage.postgres.bindir, "postgres");
}

/** A Postgres installation with another `postgres`, and everything else as it was; returns the path of that. */
export async function wrapPostgres(world: World, { postgres, libraries = [] }: Wrapping): Promise<string> {
  const root = world.path("wrapped");
  const [bin, lib] = [join(root, "bin"), join(root, "lib")];
  for (const folder of [root, bin, lib]) await mkdir(folder);
  for (const tool of await readdir(world.storage.postgres.bindir)) {
    if (tool !== "postgres") await symlink(join(world.storage.postgres.bindir, tool), join(bin, tool));
  }
  const pgbin = join(bin, "postgres");
  await writeFile(pgbin, `#!/bin/sh\n${postgres}`);
  await chmod(pgbin, 0o755);
  for (const library of ["plpgsql", ...libraries]) await writeFile(join(lib, `${library}.so`), "");
  return pgbin;
}
