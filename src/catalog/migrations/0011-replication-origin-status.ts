import { ident } from "../../base/quoting.ts";
import type { Migration } from "./migration.ts";

/** The privileged role may see how far replication has come. */
export const replicationOriginStatus: Migration = {
  id: 11,
  why: "customers monitor their subscriptions",
  render: ({ privilegedRole }) =>
    `GRANT EXECUTE ON FUNCTION pg_catalog.pg_show_replication_origin_status() TO ${ident(privilegedRole)}`,
};
