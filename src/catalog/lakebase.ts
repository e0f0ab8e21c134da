import { literal } from "../base/quoting.ts";
import type { SqlRow } from "../base/sql.ts";

/* What lakebase mode asks of a catalog beside the rest (APPLY-46 to APPLY-49), and how far it is there. */

/** The roles of the platform, with what each is (APPLY-46). */
export const platformRoles = {
  databricks_monitor: "IN ROLE pg_monitor",
  databricks_control_plane: "SUPERUSER",
  databricks_gateway: "",
} as const;

export type PlatformRole = keyof typeof platformRoles;

/** A right of `databricks_monitor` or `pg_monitor`: who gets it, and the SQL between GRANT and TO. */
export const platformGrants = {
  "schema neon": { grantee: "databricks_monitor", on: "USAGE ON SCHEMA neon" },
  "health check": { grantee: "databricks_monitor", on: "SELECT, INSERT, UPDATE ON public.health_check" },
  "directory listing": {
    grantee: "databricks_monitor",
    on: "EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(pg_catalog.text)",
  },
  "performance counters": { grantee: "databricks_monitor", on: "SELECT ON neon.neon_perf_counters" },
  "performance counter function": {
    grantee: "databricks_monitor",
    on: "EXECUTE ON FUNCTION neon.get_perf_counters()",
  },
  "authentication metrics": { grantee: "pg_monitor", on: "SELECT ON public.databricks_auth_metrics" },
} as const;

export type PlatformGrant = keyof typeof platformGrants;

/** How long a statement of the platform's monitor may take (APPLY-49). */
export const monitorTimeout = "60s";

/** The body of the function that writes to the health check table and says what kept it from that (APPLY-49). */
export const healthFunctionBody = `
BEGIN
  INSERT INTO public.health_check VALUES (1, pg_catalog.now())
  ON CONFLICT (id) DO UPDATE SET updated_at = pg_catalog.now();
  RETURN 1;
EXCEPTION WHEN OTHERS THEN
  RAISE EXCEPTION '[DATABRICKS_SMGR] health_check failed: [%] %', SQLSTATE, SQLERRM;
END
`;

/** What lakebase mode finds. */
export interface LakebaseFacts {
  /** GUC `databricks.reader_statement_timeout`; null when it asks for nothing (APPLY-47). */
  readonly readerTimeout: string | null;
  /** The `statement_timeout` that roles of the platform have for themselves. */
  readonly timeouts: ReadonlyMap<string, string>;
  readonly granted: ReadonlySet<PlatformGrant>;
  readonly hasHealthFunction: boolean;
}

const eq = "OPERATOR(pg_catalog.=)";

/** One row for each fact: `fact` says which, `name` of what, `value` its value. */
export const lakebaseQuery = `SELECT 'reader timeout' AS fact, NULL AS name,
  pg_catalog.current_setting('databricks.reader_statement_timeout', true) AS value
UNION ALL SELECT 'timeout', r.rolname, pg_catalog.substr(item, pg_catalog.length('statement_timeout=') OPERATOR(pg_catalog.+) 1)
FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_roles r ON r.oid ${eq} s.setrole
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS item
WHERE s.setdatabase ${eq} 0::pg_catalog.oid AND pg_catalog.starts_with(item, 'statement_timeout=')
  AND pg_catalog.starts_with(r.rolname::pg_catalog.text, 'databricks_')
UNION ALL SELECT 'granted', g.name, NULL FROM (
  SELECT 'schema neon' AS name, n.nspacl AS acl, 'databricks_monitor' AS grantee, 1 AS wanted
  FROM pg_catalog.pg_namespace n WHERE n.nspname ${eq} 'neon'
  UNION ALL ${relationAcl("health check", "public.health_check", "databricks_monitor", 3)}
  UNION ALL ${relationAcl("performance counters", "neon.neon_perf_counters", "databricks_monitor", 1)}
  UNION ALL ${relationAcl("authentication metrics", "public.databricks_auth_metrics", "pg_monitor", 1)}
  UNION ALL ${functionAcl("directory listing", "pg_catalog.pg_ls_dir(pg_catalog.text)")}
  UNION ALL ${functionAcl("performance counter function", "neon.get_perf_counters()")}
) AS g WHERE (SELECT pg_catalog.count(*) FROM pg_catalog.aclexplode(g.acl) AS item
  JOIN pg_catalog.pg_roles r ON r.oid ${eq} item.grantee WHERE r.rolname ${eq} g.grantee::pg_catalog.name
) OPERATOR(pg_catalog.>=) g.wanted
UNION ALL SELECT 'health function', NULL, p.prosrc FROM pg_catalog.pg_proc p
WHERE p.oid ${eq} pg_catalog.to_regprocedure('public.health_check_write_succeeds()')`;

/** @throws Error when a fact is not one of those asked for */
export function decodeLakebaseFacts(rows: readonly SqlRow[]): LakebaseFacts {
  const timeout = rows.find((row) => row["fact"] === "reader timeout")?.["value"] ?? "";
  const pairs = rows.filter((row) => row["fact"] === "timeout");
  const granted = rows.filter((row) => row["fact"] === "granted").map((row) => row["name"]);
  const names = Object.keys(platformGrants).filter((name) => granted.includes(name));
  return {
    readerTimeout: timeout === "" || timeout === "0" ? null : timeout,
    timeouts: new Map(pairs.map((row) => [row["name"] ?? "", row["value"] ?? ""])),
    granted: new Set(names.filter(isPlatformGrant)),
    hasHealthFunction: rows.some((row) => row["fact"] === "health function" && row["value"] === healthFunctionBody),
  };
}

function isPlatformGrant(name: string): name is PlatformGrant {
  return Object.hasOwn(platformGrants, name);
}

function relationAcl(name: string, relation: string, grantee: string, wanted: number): string {
  return `SELECT ${literal(name)}, c.relacl, ${literal(grantee)}, ${wanted} FROM pg_catalog.pg_class c
  WHERE c.oid ${eq} pg_catalog.to_regclass(${literal(relation)})`;
}

function functionAcl(name: string, signature: string): string {
  return `SELECT ${literal(name)}, p.proacl, 'databricks_monitor', 1 FROM pg_catalog.pg_proc p
  WHERE p.oid ${eq} pg_catalog.to_regprocedure(${literal(signature)})`;
}
