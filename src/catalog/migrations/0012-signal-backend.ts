import { ident } from "../../base/quoting.ts";
import type { Migration } from "./migration.ts";

/** The privileged role may end other customers' sessions, and let others do so. */
export const signalBackend: Migration = {
  id: 12,
  why: "customers end sessions that block them",
  render: ({ privilegedRole }) => `GRANT pg_signal_backend TO ${ident(privilegedRole)} WITH ADMIN OPTION`,
};
