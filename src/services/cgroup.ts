import { ServiceError } from "./service-error.ts";

/** The program that starts Postgres in its memory group on a VM compute (LIFE-61). */
export const cgroupStarter = "cgexec";

/** What to say when a VM compute has no such program (SVC-70). */
export function cgroupStarterMissing(group: string, path: string): ServiceError {
  return new ServiceError(
    "cgroup",
    `${cgroupStarter} is not in PATH (${path}), but AUTOSCALING is set: on a VM compute Postgres is started by it, in the ` +
      `memory group ${group}. Install it (Debian: cgroup-tools), or unset AUTOSCALING`,
  );
}
