import { tarNameParts, tarPermissions } from "../base/tar.ts";
import { HostileArchiveError } from "./errors.ts";

/** The header of an archive member, as far as it matters. `type` is `file` for the type flags 0 and NUL. */
export interface TarMember {
  readonly name: string;
  readonly type: string;
  /** Permission bits; higher ones are cut off. */
  readonly mode: number;
}

/** What to do with a member. `path` is relative to PGDATA, its parts without `.`, `..` and blanks between slashes. */
export type TarDecision =
  | { readonly kind: "file" | "directory"; readonly path: readonly string[]; readonly mode: number }
  /** The directory itself: nothing to do. */
  | { readonly kind: "root" }
  /** Ours was there first and must survive (chapter 06 §5 row 3). */
  | { readonly kind: "keep-ours"; readonly path: string };

const ownConf = "postgresql.conf";

/**
 * What to do with a member of a base backup. The original skips names with `..` and strips a leading slash (BASE-52); no
 * pageserver sends either, so an archive that has them is not one to start Postgres from.
 * @throws HostileArchiveError for a name that leads out of PGDATA and for anything but a file or a directory
 */
export function decideMember({ name, type, mode }: TarMember): TarDecision {
  if (name.includes("\0")) throw new HostileArchiveError(name, "has a NUL byte in its name");
  if (name.startsWith("/")) throw new HostileArchiveError(name, "has an absolute path");
  const path = tarNameParts(name);
  if (path.includes("..")) throw new HostileArchiveError(name, "leads out of the data directory");
  if (type !== "file" && type !== "directory")
    throw new HostileArchiveError(name, `is neither a file nor a directory but a ${type}`);
  if (path.length === 0) {
    if (type === "directory") return { kind: "root" };
    throw new HostileArchiveError(name, "is a file without a name");
  }
  if (path.length === 1 && path[0] === ownConf) return { kind: "keep-ours", path: ownConf };
  return { kind: type, path, mode: tarPermissions(mode) };
}

/**
 * What a complete base backup must have brought and this one did not; undefined when all of it is there (Trap 18).
 * @param files paths relative to PGDATA
 */
export function missingPart(files: ReadonlySet<string>): string | undefined {
  if (!files.has("global/pg_control")) return "global/pg_control";
  const hasWal = [...files].some((path) => /^pg_wal\/[0-9A-F]{24}$/.test(path));
  return hasWal ? undefined : "a WAL segment in pg_wal";
}
