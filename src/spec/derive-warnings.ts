import { surplusShards } from "./derive-pageservers.ts";
import { findSetting } from "./find-setting.ts";
import { pageserversToConnstring } from "./pageserver-info.ts";
import type { ComputeSpec, DerivedSpec, GenericOption } from "./types.ts";

const knownActions: ReadonlySet<string> = new Set(["delete_db", "rename_db", "delete_role", "rename_role"]);

/** What is odd about a spec that is good enough to go on with. No text of a setting's value is told: it may be secret. */
export function deriveWarnings(derived: DerivedSpec): readonly string[] {
  const { spec, pageservers } = derived;
  const surplus = surplusShards(pageservers);
  return [
    ...repeatedSettings(spec.cluster.settings ?? []),
    ...staleSettings(derived),
    ...(surplus.length === 0
      ? []
      : [`pageserver_connection_info has shards that the tenant does not have: ${surplus.join(", ")}`]),
    ...oddValues(spec),
  ];
}

/** Values that the original takes literally, to its harm (traps 3 and 4), and actions that nobody knows (SPEC-31). */
function oddValues({ reconfigureConcurrency, suspendTimeoutSeconds, deltaOperations }: ComputeSpec): readonly string[] {
  const actions = new Set(deltaOperations.map(({ action }) => action).filter((action) => !knownActions.has(action)));
  return [
    ...(reconfigureConcurrency === 0 ? ["reconfigure_concurrency is 0, which would never end: taken as 1"] : []),
    ...(suspendTimeoutSeconds < -1n
      ? [`suspend_timeout_seconds is ${suspendTimeoutSeconds}: taken as the default`]
      : []),
    ...(actions.size === 0 ? [] : [`delta operations of unknown kinds are ignored: ${[...actions].join(", ")}`]),
  ];
}

/** Settings that come twice: this program takes the first of exactly that name, Postgres the last and ignores case. */
function repeatedSettings(settings: readonly GenericOption[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { name } of settings) counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > 1)
    .map(([name, count]) => `cluster.settings has ${name} ${count} times: Postgres takes the last`);
}

/** Storage settings that contradict the spec's own members: Postgres reads the setting, this program the member. */
function staleSettings({ spec, pageservers, safekeepers }: DerivedSpec): readonly string[] {
  const generation = spec.safekeepersGeneration === null ? "" : `g#${spec.safekeepersGeneration}:`;
  const connstring =
    spec.pageserverConnectionInfo === null ? spec.pageserverConnstring : pageserversToConnstring(pageservers);
  const fromMembers: readonly (readonly [setting: string, value: string | null])[] = [
    ["neon.tenant_id", spec.tenantId],
    ["neon.timeline_id", spec.timelineId],
    ["neon.pageserver_connstring", connstring],
    ["neon.stripe_size", pageservers.stripeSize === null ? null : String(pageservers.stripeSize)],
    ["neon.safekeepers", spec.safekeeperConnstrings.length === 0 ? null : generation + safekeepers.hostPorts.join(",")],
  ];
  return fromMembers.flatMap(([setting, value]) => {
    const found = findSetting(spec.cluster.settings, setting);
    const isStale = found !== null && value !== null && found.toLowerCase() !== value.toLowerCase();
    return isStale ? [`cluster.settings has another ${setting} than the spec, and Postgres takes it`] : [];
  });
}
