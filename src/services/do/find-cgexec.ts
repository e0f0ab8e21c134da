import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { cgroupStarter, cgroupStarterMissing } from "../cgroup.ts";

/** Sees to it that a VM compute can start Postgres in its memory group (LIFE-61). @throws ServiceError when it cannot */
export async function requireCgexec(group: string, path: string): Promise<void> {
  for (const folder of path.split(delimiter)) {
    if (folder !== "" && (await isExecutable(join(folder, cgroupStarter)))) return;
  }
  throw cgroupStarterMissing(group, path);
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
