import { ident } from "../../base/quoting.ts";
import type { Migration } from "./migration.ts";

/** The privileged role may see the statistics of all sessions, and let others see them. */
export const monitor: Migration = {
  id: 4,
  why: "customers monitor their server",
  render: ({ privilegedRole }) => `GRANT pg_monitor TO ${ident(privilegedRole)} WITH ADMIN OPTION`,
};
