import { ident } from "../../base/quoting.ts";
import type { Migration } from "./migration.ts";

/** The privileged role may export snapshots and log those of a standby, which newer servers keep to superusers. */
export const snapshotFunctions: Migration = {
  id: 10,
  why: "tools for logical replication of customers need them",
  render: ({ serverMajor, privilegedRole }) => {
    if (serverMajor < 16) return null;
    const grantee = ident(privilegedRole);
    return `GRANT EXECUTE ON FUNCTION pg_catalog.pg_export_snapshot() TO ${grantee};
GRANT EXECUTE ON FUNCTION pg_catalog.pg_log_standby_snapshot() TO ${grantee}`;
  },
};
