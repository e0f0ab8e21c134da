import { constants } from "node:fs";
import { type FileHandle, lchown, mkdir, open, symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress, constants as zlibConstants } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { errorCode } from "../../base/error-chain.ts";
import type { Owner } from "../../base/owner.ts";
import { tarBlockBytes, tarContentBytes, tarEndBytes } from "../../base/tar.ts";
import {
  type ArchiveLimits,
  decideMember,
  linkedPath,
  type Place,
  type Placed,
  type PlacedFile,
} from "../archive-policy.ts";
import { ArchiveDamagedError, ArchiveRefusedError, InstallError } from "../errors.ts";
import { onDisk } from "./on-disk.ts";

/** A file or a link that lies unpacked in a staging folder. */
export interface StagedFile extends Placed {
  /** Where it lies. */
  readonly staged: string;
}

/** An archive that lies unpacked, whole and checked, in a staging folder. */
export interface StagedArchive {
  readonly files: readonly StagedFile[];
  /** Modes of its folders that are not a place themselves. */
  readonly folders: readonly (Placed & { readonly mode: number })[];
  /** How many members belong nowhere. */
  readonly ignored: number;
  /** What the archive takes unpacked, in bytes. */
  readonly unpackedBytes: number;
}

const createNew = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const privateFile = 0o600;
const privateFolder = 0o700;
/** 128 MiB, what zstd itself allows at most unless it is told otherwise (EXT-35). */
const windowLogMax = 27;

/**
 * Unpacks an archive into an empty folder as it arrives (EXT-35, EXT-36). Nothing is written outside of that folder: links
 * are made after all files, and only to files of the archive. Decompression runs on another thread, writing does not wait.
 * @param source the compressed bytes; its own error is thrown as it is
 * @param owner given to every file; null leaves them ours
 * @throws ArchiveRefusedError for what must not be unpacked, ArchiveDamagedError, InstallError when the disk does not take it
 */
export async function unpackArchive(
  source: AsyncIterable<Buffer>,
  folder: string,
  owner: Owner | null,
  limits: ArchiveLimits,
): Promise<StagedArchive> {
  const stage = createStage(folder, owner);
  let unpackedBytes = 0;
  let membersEnd = 0;
  let members = 0;
  let last = "";
  /** The first error of the source or of ours. The streams would report it second, or under another name. */
  let failure: { readonly error: unknown } | undefined;

  async function* received(): AsyncGenerator<Buffer> {
    try {
      yield* source;
    } catch (error) {
      failure ??= { error };
      throw error;
    }
  }
  async function* measured(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      unpackedBytes += chunk.length;
      checkSize(unpackedBytes);
      yield chunk;
    }
  }
  const checkSize = (bytes: number): void => {
    if (bytes <= limits.unpackedBytesMax) return;
    const error = new ArchiveRefusedError(`it unpacks to more than ${limits.unpackedBytesMax} bytes`);
    failure ??= { error };
    throw error;
  };

  const tar = extract();
  const decompress = createZstdDecompress({ params: { [zlibConstants.ZSTD_d_windowLogMax]: windowLogMax } });
  const feeding = pipeline(received, decompress, measured, tar);
  feeding.catch(() => {});
  try {
    for await (const entry of tar) {
      const { header } = entry;
      last = header.name;
      members += 1;
      if (members > limits.membersMax) throw new ArchiveRefusedError(`it has more than ${limits.membersMax} members`);
      membersEnd = entry.offset + tarBlockBytes + tarContentBytes(header);
      // A huge file is refused by its header, before its first byte is written.
      checkSize(membersEnd);
      await stage.add(header, entry);
    }
    await feeding;
    if (unpackedBytes < membersEnd + tarEndBytes) throw new ArchiveDamagedError("it stops before its end mark");
    await stage.finish();
  } catch (error) {
    tar.destroy();
    // What broke the streams is told by the one that broke first.
    const broken = await feeding.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (failure !== undefined) throw failure.error;
    throw isOurs(error) ? error : archiveError(broken ?? error, last);
  }
  return { ...stage.contents(), unpackedBytes };
}

/** Takes the members of one archive, one after the other. */
function createStage(root: string, owner: Owner | null) {
  const files = new Map<string, StagedFile & { readonly target: string | null }>();
  const folders = new Map<string, StagedArchive["folders"][number]>();
  const made = new Set<string>();
  let ignored = 0;

  async function ensureFolder(place: Place, path: readonly string[]): Promise<void> {
    const folder = join(root, place, ...path);
    if (made.has(folder)) return;
    for (let depth = 0; depth <= path.length; depth += 1) {
      const key = keyOf(place, path.slice(0, depth));
      if (files.has(key)) throw new ArchiveRefusedError(`${JSON.stringify(key)} is both a file and a folder`);
    }
    await onDisk(`cannot create ${folder}`, () => mkdir(folder, { recursive: true, mode: privateFolder }));
    for (let depth = 0; depth <= path.length; depth += 1) made.add(join(root, place, ...path.slice(0, depth)));
  }

  async function addFile(
    { place, path, mode }: PlacedFile,
    header: Header,
    content: AsyncIterable<unknown>,
  ): Promise<void> {
    const staged = await makeRoom(place, path);
    const file = await onDisk(`cannot create ${staged}`, () => open(staged, createNew, privateFile));
    try {
      for await (const chunk of content) {
        if (chunk instanceof Uint8Array) await onDisk(`cannot write ${staged}`, () => writeAll(file, chunk));
      }
      await onDisk(`cannot finish ${staged}`, async () => {
        if (Number.isFinite(header.mtime.getTime())) await file.utimes(header.mtime, header.mtime);
        if (owner !== null) await file.chown(owner.uid, owner.gid);
        await file.chmod(mode);
      });
    } finally {
      await file.close();
    }
    files.set(keyOf(place, path), { place, path, staged, target: null });
  }

  /** Makes the folder of a file and removes what an earlier member of the same name left (EXT-36). */
  async function makeRoom(place: Place, path: readonly string[]): Promise<string> {
    const key = keyOf(place, path);
    if (folders.has(key) || made.has(join(root, place, ...path))) {
      throw new ArchiveRefusedError(`${JSON.stringify(key)} is both a file and a folder`);
    }
    await ensureFolder(place, path.slice(0, -1));
    const staged = join(root, place, ...path);
    const earlier = files.get(key);
    if (earlier !== undefined) files.delete(key);
    if (earlier?.target === null) await onDisk(`cannot replace ${staged}`, () => unlink(staged));
    return staged;
  }

  return {
    async add(header: Header, content: AsyncIterable<unknown> & { resume(): unknown }): Promise<void> {
      const { name, mode, linkname } = header;
      const type: string | null = header.type;
      const decision = decideMember({ name, type: type ?? "member of unknown type", mode, linkname });
      if (decision.kind === "file") return addFile(decision, header, content);
      content.resume();
      if (decision.kind === "ignore") {
        if (header.type !== "directory") ignored += 1;
        return;
      }
      const { place, path } = decision;
      if (decision.kind === "directory") {
        await ensureFolder(place, path);
        if (path.length > 0) folders.set(keyOf(place, path), { place, path, mode: decision.mode });
        return;
      }
      const staged = await makeRoom(place, path);
      files.set(keyOf(place, path), { place, path, staged, target: decision.target });
    },

    /** Makes the links, now that no file can be written through one. */
    async finish(): Promise<void> {
      for (const [key, { place, path, staged, target }] of files) {
        if (target === null) continue;
        const linked = linkedPath(path, target);
        if (linked === undefined || !files.has(keyOf(place, linked))) {
          throw new ArchiveRefusedError(
            `link ${JSON.stringify(key)} leads to ${JSON.stringify(target)}, which it lacks`,
          );
        }
        await onDisk(`cannot create ${staged}`, async () => {
          await symlink(target, staged);
          if (owner !== null) await lchown(staged, owner.uid, owner.gid);
        });
      }
    },

    contents: () => ({
      files: [...files.values()].map(({ place, path, staged }) => ({ place, path, staged })),
      folders: [...folders.values()],
      ignored,
    }),
  };
}

function keyOf(place: Place, path: readonly string[]): string {
  return [place, ...path].join("/");
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    written += (await file.write(chunk, written)).bytesWritten;
  }
}

function isOurs(error: unknown): boolean {
  return error instanceof ArchiveRefusedError || error instanceof ArchiveDamagedError || error instanceof InstallError;
}

/** zstd's errors have codes, a cut-off archive its own words; what is left are tar headers that are none. */
function archiveError(error: unknown, lastMember: string): Error {
  const code = errorCode(error) ?? "";
  if (code.startsWith("ZSTD_") || code.startsWith("Z_")) {
    return new ArchiveDamagedError("not a whole zstd stream", { cause: error });
  }
  if (error instanceof Error && error.message === "Unexpected end of data") {
    return new ArchiveDamagedError(`it stops within or right after ${JSON.stringify(lastMember)}`, { cause: error });
  }
  return new ArchiveRefusedError(`member ${JSON.stringify(lastMember)} is followed by a broken tar header`, {
    cause: error,
  });
}
