/** A user of this machine. */
export interface OsUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** The user called `name` in the text of `/etc/passwd`; lines that are broken or not of the local form are passed over. */
export function userInPasswd(passwd: string, name: string): OsUser | undefined {
  for (const line of passwd.split("\n")) {
    const [entry, , uid = "", gid = "", , home = ""] = line.split(":");
    if (entry === name && isId(uid) && isId(gid)) return { name, uid: Number(uid), gid: Number(gid), home };
  }
  return undefined;
}

function isId(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}
