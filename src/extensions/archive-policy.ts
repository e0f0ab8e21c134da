import { tarNameParts, tarPermissions } from "../base/tar.ts";
import { ArchiveRefusedError } from "./errors.ts";

/** How much an archive may hold. A gigabyte compressed does not fit into the time of a download; the rest is against bombs. */
export interface ArchiveLimits {
  /** As it comes over the network. */
  readonly compressedBytesMax: number;
  /** The whole tar archive. */
  readonly unpackedBytesMax: number;
  readonly membersMax: number;
}

export const archiveLimits: ArchiveLimits = Object.freeze({
  compressedBytesMax: 2 ** 30,
  unpackedBytesMax: 2 ** 32,
  membersMax: 20_000,
});

/** Where a member belongs: beside the control files (`<sharedir>/extension`), or to the libraries (`<pkglibdir>`). */
export type Place = "extension" | "library";

/** The header of an archive member, as far as it matters. `type` is `file` for the type flags 0 and NUL. */
export interface Member {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  /** The target of a link. */
  readonly linkname: string | null;
}

/** What to do with a member. */
export type MemberDecision =
  | PlacedFile
  | (Placed & { readonly kind: "directory"; readonly mode: number })
  | (Placed & { readonly kind: "symlink"; readonly target: string })
  /** Outside of both places: never installed (EXT-37). */
  | { readonly kind: "ignore" };

/** Something in one of the two places; `path` is relative to it. */
export interface Placed {
  readonly place: Place;
  readonly path: readonly string[];
}

/** A file to unpack. */
export interface PlacedFile extends Placed {
  readonly kind: "file";
  readonly mode: number;
}

/**
 * What to do with a member of an extension's archive (EXT-35, EXT-36). The original skips a name with `..` in it without a
 * word; an archive with such a name is not one to install from.
 * @throws ArchiveRefusedError for a name or a link that leads out of its place, and for other kinds of members
 */
export function decideMember({ name, type, mode, linkname }: Member): MemberDecision {
  if (name.includes("\0")) throw refused(name, "has a NUL byte in its name");
  const parts = tarNameParts(name);
  if (parts.includes("..")) throw refused(name, "leads out of the archive");
  if (type !== "file" && type !== "directory" && type !== "symlink") {
    throw refused(name, `is neither a file nor a directory but a ${type}`);
  }
  const placed = placeOf(parts);
  if (placed === undefined) return { kind: "ignore" };
  const { place, path } = placed;
  if (type === "directory") return { kind: type, place, path, mode: tarPermissions(mode) };
  if (path.length === 0) throw refused(name, "is a file where a folder belongs");
  if (type === "file") return { kind: type, place, path, mode: tarPermissions(mode) };
  return { kind: type, place, path, target: linkTarget(name, path, linkname ?? "") };
}

/** Where a link in a place points to, relative to that place. */
export function linkedPath(path: readonly string[], target: string): readonly string[] | undefined {
  const at = path.slice(0, -1);
  for (const part of tarNameParts(target)) {
    if (part !== "..") at.push(part);
    else if (at.pop() === undefined) return undefined;
  }
  return at.length === 0 ? undefined : at;
}

/** The order in which files become visible: libraries, then scripts, then control files, which make Postgres look for the rest. */
export function installOrder<T extends Placed>(files: readonly T[]): readonly T[] {
  const rank = ({ place, path }: T): number => {
    if (place === "library") return 0;
    return path.at(-1)?.endsWith(".control") ? 2 : 1;
  };
  return files.toSorted((a, b) => rank(a) - rank(b));
}

function placeOf(parts: readonly string[]): Placed | undefined {
  if (parts[0] === "lib") return { place: "library", path: parts.slice(1) };
  if (parts[0] === "share" && parts[1] === "extension") return { place: "extension", path: parts.slice(2) };
  return undefined;
}

function linkTarget(name: string, path: readonly string[], target: string): string {
  if (target === "" || target.startsWith("/") || target.includes("\0") || linkedPath(path, target) === undefined) {
    throw refused(name, `is a link out of its folder, to ${JSON.stringify(target)}`);
  }
  return target;
}

function refused(name: string, problem: string): ArchiveRefusedError {
  return new ArchiveRefusedError(`member ${JSON.stringify(name)} ${problem}`);
}
