/** An installed Postgres that this program can run. */
export interface PostgresInstallation {
  /** The absolute path of the `postgres` binary, links resolved. */
  readonly pgbin: string;
  /** The folder of that binary, with initdb and the other tools. */
  readonly bindir: string;
  readonly major: number;
  /** As Postgres tells it: `17.10`, `16beta2`. */
  readonly version: string;
  /** The folder of the loadable libraries. */
  readonly libdir: string;
  /** Whether the library folder holds a library of this name, given without folder and suffix. */
  hasLibrary(name: string): boolean;
}

/** No usable Postgres was found. */
export class PostgresNotFoundError extends Error {
  readonly code = "POSTGRES_NOT_FOUND";
  constructor(problem: string, options?: ErrorOptions) {
    super(`${problem}; name the postgres binary with -b/--pgbin or POSTGRES_PATH`, options);
    this.name = "PostgresNotFoundError";
  }
}

/** Where a bare name is looked for when there is no PATH (CLI-5, CLI-9). */
const pathDefault = "/usr/local/bin:/usr/bin:/bin";

/** The files that may be meant by `pgbin`: itself when it has a folder, else one in each absolute folder of `PATH`. */
export function binaryCandidates(pgbin: string, path: string | undefined): readonly string[] {
  if (pgbin.includes("/")) return [pgbin];
  const folders = (path === undefined || path === "" ? pathDefault : path).split(":");
  return folders.filter((folder) => folder.startsWith("/")).map((folder) => `${folder}/${pgbin}`);
}

/** Where the loadable libraries may be, seen from the folder of the binary, the likeliest first. */
export function libraryFolders(bindir: string): readonly string[] {
  return ["lib", "lib/postgresql", "lib64", "lib64/postgresql", "lib/pgsql"].map((folder) => `${bindir}/../${folder}`);
}

/** Where the shared files may be, seen from the folder of the binary, the likeliest first. */
export function shareFolders(bindir: string): readonly string[] {
  return ["share/postgresql", "share", "share/pgsql"].map((folder) => `${bindir}/../${folder}`);
}

/** The names of the libraries among the files of a folder, without suffix. */
export function libraryNames(files: readonly string[]): ReadonlySet<string> {
  return new Set(files.flatMap((file) => /^(?<name>.+)\.(?:so|dylib)$/.exec(file)?.groups?.["name"] ?? []));
}
