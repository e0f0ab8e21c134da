import { monitorTimeout, type PlatformGrant, type PlatformRole, platformGrants, platformRoles } from "./lakebase.ts";
import type { PlanContext } from "./plan-context.ts";
import type { SystemStep } from "./step.ts";

const reader = /^databricks_reader_\d+$/;
const authExtension = "databricks_auth";

/** The roles of the platform (APPLY-46). */
export function* planPlatformRoles({ catalog }: PlanContext): Iterable<SystemStep> {
  if (catalog.lakebase === null) return;
  for (const name of Object.keys(platformRoles).filter(isPlatformRole)) {
    if (!catalog.roles.has(name)) yield { kind: "create-platform-role", name, why: "lakebase mode" };
  }
}

/** How long statements of reader roles may take (APPLY-47). */
export function* planReaderTimeouts({ catalog }: PlanContext): Iterable<SystemStep> {
  const timeout = catalog.lakebase?.readerTimeout ?? null;
  if (timeout === null) return;
  for (const name of catalog.roles.keys()) {
    const found = catalog.lakebase?.timeouts.get(name);
    if (reader.test(name) && found !== timeout) yield timeoutStep(name, timeout, found);
  }
}

/** Extension `databricks_auth` of the version that the server has, made anew when it is another (APPLY-48). */
export function* planAuthExtension({ catalog, warn }: PlanContext): Iterable<SystemStep> {
  if (catalog.lakebase === null) return;
  const found = catalog.extensions.get(authExtension);
  const available = found?.availableVersion ?? null;
  if (available === null) {
    warn(`extension ${authExtension} is not available on this server: skipped`);
    return;
  }
  const installed = found?.installed ?? null;
  if (installed !== null && installed.version !== available) {
    yield {
      kind: "drop-extension",
      name: authExtension,
      why: `version is ${installed.version}, default is ${available}`,
    };
  }
  if (installed?.version !== available) {
    yield { kind: "create-extension", name: authExtension, schema: "public", why: "lakebase mode" };
    yield grant("authentication metrics");
  } else if (!catalog.lakebase.granted.has("authentication metrics")) yield grant("authentication metrics");
}

/** What the platform's monitor may see, and how it checks that writes succeed (APPLY-49). */
export function* planPlatformGrants({ catalog, warn }: PlanContext): Iterable<SystemStep> {
  const facts = catalog.lakebase;
  if (facts === null) return;
  const names: PlatformGrant[] = ["schema neon", "health check", "directory listing"];
  if ((catalog.extensions.get("neon")?.installed ?? null) !== null) {
    names.push("performance counters", "performance counter function");
  } else warn("databricks_monitor gets no performance counters: extension neon is not installed");
  for (const name of names) if (!facts.granted.has(name)) yield grant(name);
  const found = facts.timeouts.get("databricks_monitor");
  if (found !== monitorTimeout) yield timeoutStep("databricks_monitor", monitorTimeout, found);
  if (!facts.hasHealthFunction) yield { kind: "create-health-function", why: "not in the catalog, or another one" };
}

function grant(name: PlatformGrant): SystemStep {
  return { kind: "grant-to-platform", name, why: `role ${platformGrants[name].grantee} lacks it` };
}

function timeoutStep(name: string, timeout: string, found: string | undefined): SystemStep {
  return { kind: "set-role-timeout", name, timeout, why: found === undefined ? "it has none" : `it is ${found}` };
}

function isPlatformRole(name: string): name is PlatformRole {
  return Object.hasOwn(platformRoles, name);
}
