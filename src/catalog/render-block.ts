import { dollarQuote } from "../base/quoting.ts";

/**
 * Revokes what `role` was granted by others than the owner of the relation, which DROP OWNED leaves behind (APPLY-33). Only
 * relations whose ACL has such an entry are touched, each under the name of its grantor (T9); what the role passed on goes
 * along. The role of the session is back when the block ends, because the rest of the batch shares its transaction.
 */
export function renderRevokeGranted(role: string): string {
  const { quoted, outerTag } = dollarQuote(role);
  const tag = `$${outerTag}$`;
  return `DO ${tag}
DECLARE
  leaving CONSTANT pg_catalog.name := ${quoted};
  session_role CONSTANT pg_catalog.text := pg_catalog.current_setting('role');
  entry pg_catalog.record;
BEGIN
  FOR entry IN
    WITH acls AS (
      SELECT c.oid AS relation, c.relacl AS acl FROM pg_catalog.pg_class c
      UNION ALL
      SELECT a.attrelid, a.attacl FROM pg_catalog.pg_attribute a
    )
    SELECT DISTINCT n.nspname AS schema, c.relname AS relation, g.rolname AS grantor
    FROM acls
    CROSS JOIN LATERAL pg_catalog.aclexplode(acls.acl) AS item
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) acls.relation
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    JOIN pg_catalog.pg_roles g ON g.oid OPERATOR(pg_catalog.=) item.grantor
    JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) item.grantee
    WHERE r.rolname OPERATOR(pg_catalog.=) leaving AND item.grantor OPERATOR(pg_catalog.<>) c.relowner
  LOOP
    PERFORM pg_catalog.set_config('role', entry.grantor, true);
    EXECUTE pg_catalog.format('REVOKE ALL PRIVILEGES ON TABLE %I.%I FROM %I GRANTED BY %I CASCADE',
      entry.schema, entry.relation, leaving, entry.grantor);
  END LOOP;
  PERFORM pg_catalog.set_config('role', session_role, true);
END
${tag}`;
}

/**
 * Drops the subscriptions of the database of the session (APPLY-40). The lock is on a shared catalog, so the databases take
 * turns. The slot on the publisher is left alone: the branch that this one was made from may be using it.
 */
export function renderDropSubscriptions(): string {
  return `DO $x$
DECLARE
  subscription pg_catalog.name;
BEGIN
  LOCK TABLE pg_catalog.pg_subscription IN ACCESS EXCLUSIVE MODE;
  FOR subscription IN
    SELECT s.subname FROM pg_catalog.pg_subscription s
    JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) s.subdbid
    WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
  LOOP
    EXECUTE pg_catalog.format('ALTER SUBSCRIPTION %I DISABLE', subscription);
    EXECUTE pg_catalog.format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', subscription);
    EXECUTE pg_catalog.format('DROP SUBSCRIPTION %I', subscription);
  END LOOP;
END
$x$`;
}
