/** What is known of the process that a lock file names. */
export interface LockHolder {
  readonly isAlive: boolean;
  /** The name of its program; null where that cannot be read. */
  readonly program: string | null;
}

/** Where Postgres keeps its socket unless told otherwise: in most builds the first, in those of some distributions the second. */
const usualFolders = ["/tmp", "/var/run/postgresql"];

/** The lock files of the sockets that a Postgres with these settings opens; of an empty list of folders, none. */
export function socketLockPaths(settings: ReadonlyMap<string, string>): readonly string[] {
  const folders = settings.get("unix_socket_directories")?.split(",") ?? usualFolders;
  const port = settings.get("port") ?? "5432";
  return folders
    .map((folder) => folder.trim().replace(/^"(.*)"$/, "$1"))
    .filter((folder) => folder.startsWith("/"))
    .map((folder) => `${folder}/.s.PGSQL.${port}.lock`);
}

/** The process that a lock file names; undefined when it names none. */
export function lockedBy(text: string): number | undefined {
  const pid = Math.abs(Number.parseInt(text, 10));
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/**
 * Why a lock file is left over; undefined when a Postgres may hold it (FIELD-4). In a container, the number of the dead
 * postmaster is soon that of another process, and Postgres, which looks at the number alone, refuses to start.
 */
export function staleness({ isAlive, program }: LockHolder): string | undefined {
  if (!isAlive) return "its process is gone";
  return program === null || /^(?:postgres|postmaster)/.test(program) ? undefined : `its process is ${program} now`;
}
