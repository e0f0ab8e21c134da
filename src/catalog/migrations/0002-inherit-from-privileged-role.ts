import { literal } from "../../base/quoting.ts";
import type { Migration } from "./migration.ts";

/**
 * Members of the privileged role inherit from it, and nobody else bypasses row-level security but the server's own roles
 * (V19). The privileged role itself and superusers count as members. Roles that are right already are not written.
 */
export const inheritFromPrivilegedRole: Migration = {
  id: 2,
  why: "members act with the rights of the privileged role, others without",
  render: ({ privilegedRole }) => `DO $x$
DECLARE
  found pg_catalog.record;
BEGIN
  FOR found IN
    SELECT r.rolname, m.member, r.rolinherit, r.rolbypassrls
    FROM pg_catalog.pg_roles r
    CROSS JOIN LATERAL (SELECT pg_catalog.pg_has_role(r.oid, p.oid, 'member') AS member
      FROM pg_catalog.pg_roles p WHERE p.rolname OPERATOR(pg_catalog.=) ${literal(privilegedRole)}) AS m
  LOOP
    IF found.member AND NOT found.rolinherit THEN
      EXECUTE pg_catalog.format('ALTER ROLE %I INHERIT', found.rolname);
    ELSIF NOT found.member AND found.rolbypassrls AND NOT pg_catalog.starts_with(found.rolname::pg_catalog.text, 'pg_') THEN
      EXECUTE pg_catalog.format('ALTER ROLE %I NOBYPASSRLS', found.rolname);
    END IF;
  END LOOP;
END
$x$`,
};
