import { ident } from "../../base/quoting.ts";
import type { Migration } from "./migration.ts";

/** The privileged role may create subscriptions, where that is a right of its own. */
export const createSubscriptions: Migration = {
  id: 3,
  why: "customers replicate into their databases",
  render: ({ serverMajor, privilegedRole }) =>
    serverMajor >= 16 ? `GRANT pg_create_subscription TO ${ident(privilegedRole)}` : null,
};
