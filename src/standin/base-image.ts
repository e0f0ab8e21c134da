import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGzip } from "node:zlib";
import { errorCode } from "../base/error-chain.ts";
import type { Lsn } from "../base/lsn.ts";
import { type ArchiveMember, archiveMembers } from "./archive-order.ts";
import { decodeControlFile } from "./control-file.ts";
import type { PostgresForUser } from "./postgres-install.ts";
import type { PostgresMajor } from "./postgres-major.ts";
import { encodeTarHeader, tarEnd, tarPadding } from "./tar-header.ts";

/** A whole new cluster as a base backup, and the position at which its log ends. */
export interface BaseImage {
  readonly lsn: Lsn;
  readonly systemId: bigint;
  /** The archive, gzipped. */
  readonly gzip: Buffer;
}

const run = promisify(execFile);
const initdbMsMax = 120_000;
const names = { cluster: "cluster", controlFile: "pg_control", archive: "basebackup.tar.gz" } as const;

/**
 * The base image of a major version: made by `initdb` when `workdir` does not hold it yet, else taken from there, so that
 * several servers, also of several processes, share one.
 * @throws Error with what initdb said when it failed
 */
export async function makeBaseImage(options: {
  readonly major: PostgresMajor;
  readonly workdir: string;
  readonly postgres: PostgresForUser;
}): Promise<BaseImage> {
  const kept = join(options.workdir, `base-image-${options.major}`);
  const found = await readImage(kept);
  if (found !== undefined) return found;
  const fresh = await mkdtemp(`${kept}.`);
  try {
    await writeImage(fresh, options.major, options.postgres);
    await rename(fresh, kept);
  } catch (error) {
    // Somebody else was faster: theirs is as good.
    if (!["EEXIST", "ENOTEMPTY"].includes(errorCode(error) ?? "")) throw error;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  const made = await readImage(kept);
  if (made === undefined) throw new Error(`the base image in ${kept} vanished while it was made`);
  return made;
}

async function readImage(folder: string): Promise<BaseImage | undefined> {
  try {
    const { checkpoint, systemId } = decodeControlFile(await readFile(join(folder, names.controlFile)));
    return { lsn: checkpoint, systemId, gzip: await readFile(join(folder, names.archive)) };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function writeImage(folder: string, major: PostgresMajor, postgres: PostgresForUser): Promise<void> {
  const cluster = join(folder, names.cluster);
  await chmod(folder, 0o755);
  await mkdir(cluster, { mode: 0o700 });
  if (postgres.runAs !== null) await chown(cluster, postgres.runAs.uid, postgres.runAs.gid);
  await initdb(cluster, postgres);
  const members = archiveMembers(major, await listFiles(cluster));
  const archive = createWriteStream(join(folder, names.archive));
  await pipeline(Readable.from(tarChunks(cluster, members)), createGzip({ level: 1 }), archive);
  await writeFile(join(folder, names.controlFile), await readFile(join(cluster, "global/pg_control")));
  await rm(cluster, { recursive: true });
}

/** C.UTF-8 where the C library has it, else plain C; both know the encoding UTF8. */
async function initdb(cluster: string, postgres: PostgresForUser): Promise<void> {
  try {
    await initdbWith("C.UTF-8", cluster, postgres);
  } catch (error) {
    if (!(error instanceof Error) || !/invalid locale name/.test(error.message)) throw error;
    await initdbWith("C", cluster, postgres);
  }
}

async function initdbWith(locale: string, cluster: string, { bindir, runAs }: PostgresForUser): Promise<void> {
  const flags = ["--username=cloud_admin", "--auth=trust", "--encoding=UTF8", `--locale=${locale}`, "--no-sync"];
  const credentials = runAs === null ? {} : { uid: runAs.uid, gid: runAs.gid };
  try {
    await run(join(bindir, "initdb"), [`--pgdata=${cluster}`, ...flags], {
      ...credentials,
      cwd: cluster,
      env: { LC_MESSAGES: "C" },
      timeout: initdbMsMax,
    });
  } catch (cause) {
    throw new Error("could not make the base image with initdb", { cause });
  }
}

async function listFiles(cluster: string): Promise<readonly string[]> {
  const entries = await readdir(cluster, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(cluster, join(entry.parentPath, entry.name)));
}

async function* tarChunks(cluster: string, members: readonly ArchiveMember[]): AsyncGenerator<Buffer> {
  const mtime = Math.floor(Date.now() / 1000);
  for (const member of members) {
    const content = await readMember(cluster, member);
    const kind = member.kind === "directory" ? "directory" : "file";
    yield encodeTarHeader({ name: member.name, kind, sizeBytes: content.length }, mtime);
    yield content;
    yield tarPadding(content.length);
  }
  yield tarEnd;
}

async function readMember(cluster: string, member: ArchiveMember): Promise<Buffer> {
  switch (member.kind) {
    case "directory":
      return Buffer.alloc(0);
    case "text":
      return Buffer.from(member.text);
    case "cluster-file":
      return readFile(join(cluster, member.name));
  }
}
