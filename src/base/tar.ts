/** Tar archives are made of blocks of so many bytes. */
export const tarBlockBytes = 512;

/** What ends a whole archive: two blocks of zeros. */
export const tarEndBytes = 2 * tarBlockBytes;

/** What a member's content takes in the archive, in bytes, padding included. */
export function tarContentBytes({ type, size }: { readonly type?: string | undefined; readonly size: number }): number {
  return type === "directory" ? 0 : Math.ceil(size / tarBlockBytes) * tarBlockBytes;
}

/** The parts of a member's name, without `.` and blanks between slashes; a leading slash counts for nothing. */
export function tarNameParts(name: string): readonly string[] {
  return name.split("/").filter((part) => part !== "" && part !== ".");
}

/** The permission bits of a member: no set-uid, set-gid or sticky bit ever gets out of an archive. */
export function tarPermissions(mode: number): number {
  return mode & 0o777;
}
