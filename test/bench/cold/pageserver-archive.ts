import { execFile } from "node:child_process";
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { World } from "../bench-world.ts";

const run = promisify(execFile);

/**
 * The archive that a real pageserver sends: without the relations, which Neon's Postgres asks for page by page. Stock Postgres
 * needs them as files, so they wait in a folder of their own and are put into place by what starts Postgres.
 */
export interface PageserverArchive {
  /** Of a storage whose pageserver serves this archive. */
  readonly workdir: string;
  readonly archiveFile: string;
  readonly members: number;
  /** Makes a fresh copy of the relations and returns its folder. */
  copyRelations(): Promise<string>;
  /** A folder for PATH, with a `cgexec` that puts the relations of `$RELATIONS` into place before it starts Postgres. */
  readonly binFolder: string;
}

/** Files of relations, with their forks and segments. */
const relation = /^(?:base\/\d+|global)\/\d+(?:_\w+)?(?:\.\d+)?$/;

/** Whoever starts Postgres below a memory group is asked to: no program of ours is changed or told. */
const cgexec = `#!/bin/sh
# cgexec -g memory:GROUP POSTGRES -D PGDATA …
PATH=/usr/bin:/bin
rm -r "$5/base"
ln -s "$RELATIONS/base" "$5/base"
ln "$RELATIONS"/global/* "$5/global/"
shift 2
exec "$@"
`;

/** Takes the relations out of the benchmark's archive. */
export async function splitArchive(world: World): Promise<PageserverArchive> {
  const workdir = join(world.folder, "small");
  const cluster = join(workdir, "cluster");
  await mkdir(cluster, { recursive: true });
  for (const folder of [workdir, cluster]) await chmod(folder, 0o755);
  await run("tar", ["xzf", world.archiveFile, "-C", cluster]);
  const { stdout } = await run("tar", ["tzf", world.archiveFile], { maxBuffer: 1 << 24 });
  const kept = stdout
    .trimEnd()
    .split("\n")
    .filter((name) => !relation.test(name));
  const list = join(workdir, "members");
  await writeFile(list, kept.join("\n"));
  const image = join(workdir, "base-image-17");
  await mkdir(image);
  const archiveFile = join(image, "basebackup.tar.gz");
  const same = ["--format=gnu", "--no-recursion", "--verbatim-files-from", "--mode=u=rwX,go=", "-C", cluster];
  await run("tar", ["czf", archiveFile, ...same, "-T", list]);
  await cp(join(cluster, "global/pg_control"), join(image, "pg_control"));
  const template = await keepRelations(world, cluster, join(workdir, "relations"));
  const binFolder = join(workdir, "bin");
  await mkdir(binFolder);
  await writeFile(join(binFolder, "cgexec"), cgexec, { mode: 0o755 });
  return {
    workdir,
    archiveFile,
    members: kept.length,
    binFolder,
    async copyRelations() {
      const parent = await mkdtemp(join(workdir, "copy-"));
      await chmod(parent, 0o755);
      const copy = join(parent, "relations");
      await run("cp", ["-a", template, copy]);
      return copy;
    },
  };
}

/** What Neon's Postgres would get page by page: whole databases, and the shared relations. */
async function keepRelations({ storage }: World, cluster: string, folder: string): Promise<string> {
  await mkdir(join(folder, "global"), { recursive: true });
  await rename(join(cluster, "base"), join(folder, "base"));
  for (const name of await readdir(join(cluster, "global"))) {
    if (relation.test(`global/${name}`)) await rename(join(cluster, "global", name), join(folder, "global", name));
  }
  await rm(cluster, { recursive: true });
  const { runAs } = storage.postgres;
  if (runAs === null) return folder;
  await run("chown", ["-R", `${runAs.uid}:${runAs.gid}`, folder]);
  await chown(folder, runAs.uid, runAs.gid);
  return folder;
}
