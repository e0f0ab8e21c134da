/** What a postmaster tells about itself in the last line of `postmaster.pid`. */
export type PostmasterState = "starting" | "ready" | "standby" | "stopping" | "unknown";

/**
 * Reads the state from the text of `PGDATA/postmaster.pid` (CONF-71): its last line, which Postgres pads with blanks.
 * `standby` means that a standby runs which takes no connections (`hot_standby=off`); `unknown` that the file is not
 * complete yet.
 */
export function postmasterState(pidFile: string): PostmasterState {
  const last = pidFile.trimEnd().split("\n").at(-1)?.trim();
  switch (last) {
    case "starting":
    case "ready":
    case "standby":
    case "stopping":
      return last;
    default:
      return "unknown";
  }
}

/** The process id in the text of `PGDATA/postmaster.pid`, its first line; undefined when it holds none. */
export function postmasterPid(pidFile: string): number | undefined {
  const [first = ""] = pidFile.split("\n");
  return /^[1-9]\d{0,9}$/.test(first.trim()) ? Number(first) : undefined;
}
