import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../base/error-chain.ts";
import type { Owner } from "../../base/owner.ts";
import { HostileArchiveError, LocalDiskError } from "../errors.ts";

const createNew = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const privateFile = 0o600;
const privateDirectory = 0o700;
const zeros = Buffer.alloc(1 << 20);

interface OpenFile {
  readonly path: string;
  readonly fd: number;
  /** Where the next bytes go; also the file's length so far. */
  position: number;
  /** Whether the file ends in a hole. */
  endsInHole: boolean;
}

/**
 * Writes files below one directory and nowhere else: no symlink is ever followed, every file is made anew. It remembers
 * what it made so that it can take that back. Calls are synchronous, which for many small files is several times faster;
 * each does little. Disk errors are thrown as {@link LocalDiskError}.
 */
export class PgdataWriter {
  readonly #root: string;
  readonly #owner: Owner | null;
  /** Relative paths. Directories in the order in which they were made. */
  readonly #madeFiles = new Set<string>();
  readonly #madeDirectories: string[] = [];
  readonly #realDirectories = new Set<string>();
  readonly #modes = new Map<string, number>();
  #open: OpenFile | undefined;

  constructor(root: string, owner: Owner | null) {
    this.#root = root;
    this.#owner = owner;
  }

  /** Files that were made, by their path relative to the root. */
  get files(): ReadonlySet<string> {
    return this.#madeFiles;
  }

  /** Makes sure that a directory is there. Its mode is set by {@link finish}, so that it cannot hinder files in it. */
  addDirectory(parts: readonly string[], mode: number): void {
    this.#ensureDirectories(parts, parts.length);
    this.#modes.set(parts.join("/"), mode);
  }

  /** Begins a file in place of any other of that name. */
  beginFile(parts: readonly string[]): void {
    this.#ensureDirectories(parts, parts.length - 1);
    const path = parts.join("/");
    const fd = this.#onDisk(`cannot create ${path}`, () => this.#create(path));
    this.#open = { path, fd, position: 0, endsInHole: false };
    this.#madeFiles.add(path);
  }

  /** Adds to the file that was begun. What is all zero becomes a hole: a fresh WAL segment is 16 MiB of them. */
  write(chunk: Uint8Array): void {
    const file = this.#openFile();
    file.endsInHole = isZero(chunk);
    if (!file.endsInHole) this.#onDisk(`cannot write ${file.path}`, () => writeAll(file.fd, chunk, file.position));
    file.position += chunk.length;
  }

  endFile(mode: number, modified: Date): void {
    const { path, fd, position, endsInHole } = this.#openFile();
    const owner = this.#owner;
    this.#onDisk(`cannot finish ${path}`, () => {
      if (endsInHole) ftruncateSync(fd, position);
      if (Number.isFinite(modified.getTime())) futimesSync(fd, modified, modified);
      if (owner !== null) fchownSync(fd, owner.uid, owner.gid);
      fchmodSync(fd, mode);
    });
    this.#closeOpen();
  }

  /** Gives the directories their modes. */
  finish(): void {
    for (const [path, mode] of this.#modes) {
      this.#onDisk(`cannot set the mode of ${path}`, () => chmodSync(join(this.#root, path), mode));
    }
  }

  /** Removes what was made; what was there before stays, unless a file took its place. Never throws: a next try copes with leftovers. */
  undo(): void {
    attempt(() => this.#closeOpen());
    for (const path of this.#madeFiles) attempt(() => unlinkSync(join(this.#root, path)));
    for (const path of this.#madeDirectories.toReversed()) attempt(() => rmdirSync(join(this.#root, path)));
  }

  #ensureDirectories(parts: readonly string[], depth: number): void {
    for (let length = 1; length <= depth; length += 1) {
      const path = parts.slice(0, length).join("/");
      if (this.#realDirectories.has(path)) continue;
      this.#onDisk(`cannot create directory ${path}`, () => this.#ensureDirectory(path));
      this.#realDirectories.add(path);
    }
  }

  #ensureDirectory(path: string): void {
    const full = join(this.#root, path);
    const found = lstatSync(full, { throwIfNoEntry: false });
    if (found?.isDirectory()) return;
    if (found !== undefined) throw new HostileArchiveError(path, "would be a directory where something else is");
    mkdirSync(full, privateDirectory);
    this.#madeDirectories.push(path);
    if (this.#owner !== null) lchownSync(full, this.#owner.uid, this.#owner.gid);
  }

  #create(path: string): number {
    const full = join(this.#root, path);
    try {
      return openSync(full, createNew, privateFile);
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    if (lstatSync(full).isDirectory()) throw new HostileArchiveError(path, "would be a file where a directory is");
    unlinkSync(full);
    return openSync(full, createNew, privateFile);
  }

  #openFile(): OpenFile {
    if (this.#open === undefined) throw new Error("no file was begun");
    return this.#open;
  }

  #closeOpen(): void {
    const file = this.#open;
    this.#open = undefined;
    if (file !== undefined) closeSync(file.fd);
  }

  #onDisk<T>(what: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof HostileArchiveError) throw error;
      throw new LocalDiskError(what, { cause: error });
    }
  }
}

function isZero(chunk: Uint8Array): boolean {
  return chunk.length <= zeros.length && zeros.subarray(0, chunk.length).equals(chunk);
}

function writeAll(fd: number, chunk: Uint8Array, position: number): void {
  for (let written = 0; written < chunk.length; ) {
    written += writeSync(fd, chunk, written, chunk.length - written, position + written);
  }
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // Best effort, see undo.
  }
}
