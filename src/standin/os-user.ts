/** An account of the operating system. */
export interface OsUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Accounts that may run Postgres in place of root, the first that exists. */
const candidates = ["postgres", "nobody"];

/** The account of /etc/passwd that Postgres, which refuses to run as root, runs as; undefined when there is none. */
export function pickUnprivilegedUser(passwd: string): OsUser | undefined {
  const users = passwd.split("\n").flatMap((line): OsUser[] => {
    const [name = "", , uid = "", gid = ""] = line.split(":");
    const numeric = /^\d+$/.test(uid) && /^\d+$/.test(gid);
    return numeric ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
  return candidates.map((name) => users.find((user) => user.name === name)).find((user) => user !== undefined);
}
