import type { PlanContext } from "./plan-context.ts";
import { dropsSubscriptionsNow } from "./plan-tasks.ts";
import type { KnownExtension } from "./snapshot.ts";
import type { SystemStep } from "./step.ts";

/** Schema `neon` (phase 10). */
export function* planNeonSchema({ catalog }: PlanContext): Iterable<SystemStep> {
  if (!catalog.hasNeonSchema) yield { kind: "create-neon-schema", why: "not in the catalog" };
}

/** Extensions that the preloaded libraries call for (phase 12). */
export function* planStatStatements({ wanted, catalog }: PlanContext): Iterable<SystemStep> {
  if (!wanted.statStatements || isInstalled("pg_stat_statements", catalog)) return;
  yield {
    kind: "create-extension",
    name: "pg_stat_statements",
    schema: "public",
    why: "its library is in shared_preload_libraries",
  };
}

/** The `neon` extension in schema `neon`, relocatable and of the default version (APPLY-38). */
export function* planNeonExtension({ catalog, warn }: PlanContext): Iterable<SystemStep> {
  const name = "neon";
  const found = catalog.extensions.get(name);
  const availableVersion = found?.availableVersion ?? null;
  if (availableVersion === null) {
    warn("extension neon is not available on this server: skipped");
    return;
  }
  const installed = found?.installed ?? null;
  if (installed === null) {
    yield { kind: "create-extension", name, schema: "neon", why: "not in the catalog" };
    return;
  }
  if (!installed.relocatable) yield { kind: "make-extension-relocatable", name, why: "an old version made it fixed" };
  if (installed.schema !== "neon")
    yield { kind: "move-extension", name, schema: "neon", why: `is in "${installed.schema}"` };
  if (installed.version !== availableVersion) {
    yield { kind: "update-extension", name, why: `version is ${installed.version}, default is ${availableVersion}` };
  }
}

/** The table that `/check_writability` writes to (APPLY-39). */
export function* planHealthCheck({ catalog }: PlanContext): Iterable<SystemStep> {
  if (!catalog.hasHealthCheck) yield { kind: "create-health-check", why: "not in the catalog" };
}

/** Remembers that the subscriptions of this branch are gone (phase 18). */
export function* planSubscriptionsRecord(context: PlanContext): Iterable<SystemStep> {
  const timeline = context.wanted.dropSubscriptionsOn;
  if (timeline === null || !dropsSubscriptionsNow(context)) return;
  yield { kind: "record-dropped-subscriptions", timeline, why: "subscriptions are dropped once on each timeline" };
}

/** The audit extensions, and last of all silence for database `postgres`, so that the apply itself is audited (phases 19-21). */
export function* planAudit({ wanted, catalog, warn }: PlanContext): Iterable<SystemStep> {
  const level = wanted.auditLogLevel;
  if (level === "disabled") return;
  const names: KnownExtension[] = level === "base" ? ["pgaudit"] : ["pgaudit", "pgauditlogtofile"];
  for (const name of names) {
    if (isInstalled(name, catalog)) continue;
    // A compliance audit is a promise: without its files the statement fails, and the apply with it.
    if (level === "base" && (catalog.extensions.get(name)?.availableVersion ?? null) === null) {
      warn(`extension ${name} is not available on this server, audit level is ${level}: skipped`);
      continue;
    }
    yield { kind: "create-extension", name, schema: "public", why: `audit level is ${level}` };
  }
  if (!catalog.auditMuted && isInstalled("pgaudit", catalog)) {
    yield { kind: "mute-audit", why: "our own sessions are not the customer's" };
  }
}

function isInstalled(name: KnownExtension, { extensions }: PlanContext["catalog"]): boolean {
  return (extensions.get(name)?.installed ?? null) !== null;
}
