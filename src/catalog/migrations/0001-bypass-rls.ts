import { ident } from "../../base/quoting.ts";
import type { Migration } from "./migration.ts";

/** The privileged role passes by row-level security. */
export const bypassRls: Migration = {
  id: 1,
  why: "dumps made by the privileged role must be complete",
  render: ({ privilegedRole }) => `ALTER ROLE ${ident(privilegedRole)} BYPASSRLS`,
};
