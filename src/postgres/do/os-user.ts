import { readFileSync } from "node:fs";
import { type OsUser, userInPasswd } from "../os-user.ts";

/**
 * The user Postgres has to run as: null, which means this program's own, unless that is root, as whom Postgres refuses to
 * run; then `wanted`.
 * @throws when root has no such user to become, or the list of users cannot be read
 */
export async function chooseOsUser(choice: {
  readonly asRoot: boolean;
  readonly wanted: string;
}): Promise<OsUser | null> {
  if (!choice.asRoot) return null;
  const { wanted } = choice;
  const user = userInPasswd(readFileSync("/etc/passwd", "utf8"), wanted);
  if (user === undefined) {
    throw new Error(
      `Postgres does not run as root, and there is no user "${wanted}" to run it as: ` +
        "create one with `useradd --system`, or name another one with --postgres-user",
    );
  }
  if (user.uid === 0) {
    throw new Error(`Postgres does not run as root, which user "${wanted}" is: name another one with --postgres-user`);
  }
  return user;
}
