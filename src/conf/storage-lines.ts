import { confValue } from "../base/quoting.ts";
import { pageserversToConnstring } from "../spec/pageserver-info.ts";
import type { ComputeSpec } from "../spec/types.ts";

/**
 * Where Postgres finds its storage and who it is there (CONF-10 rows 2 to 5). Only the spec's own fields count: what stands
 * in the cluster's settings alone is left to them (CONF-11).
 */
export function storageLines(spec: ComputeSpec): readonly string[] {
  const identity = [
    ["neon.tenant_id", spec.tenantId],
    ["neon.timeline_id", spec.timelineId],
    ["neon.project_id", spec.projectId],
    ["neon.branch_id", spec.branchId],
    ["neon.endpoint_id", spec.endpointId],
  ] as const;
  return [
    "# Neon storage settings",
    "",
    ...pageserverLines(spec),
    ...safekeeperLines(spec),
    ...identity.flatMap(([name, value]) => (value === null ? [] : [`${name}=${confValue(value)}`])),
  ];
}

/** The stripe size comes first: the server looks at it when the connection string is assigned. */
function pageserverLines(spec: ComputeSpec): readonly string[] {
  const info = spec.pageserverConnectionInfo;
  if (info === null) {
    return [
      ...stripeSize(spec.shardStripeSize, "shard_stripe_size"),
      ...connstring(spec.pageserverConnstring, "from compute spec's pageserver_connstring field"),
    ];
  }
  const derived = connstring(
    pageserversToConnstring(info),
    "derived from compute spec's pageserver_connection_info field",
  );
  return [
    ...stripeSize(info.stripeSize, "pageserver_connection_info.stripe_size"),
    ...(derived.length > 0 ? derived : ["# no neon.pageserver_connstring"]),
  ];
}

function stripeSize(pages: number | null, field: string): readonly string[] {
  return pages === null ? [] : [`# from compute spec's ${field} field`, `neon.stripe_size=${pages}`];
}

function connstring(value: string | null, origin: string): readonly string[] {
  return value === null ? [] : [`# ${origin}`, `neon.pageserver_connstring=${confValue(value)}`];
}

/** A reader of `neon.safekeepers` tells a new membership by its generation, so even generation 0 is written (CONF-13). */
function safekeeperLines({ safekeeperConnstrings, safekeepersGeneration }: ComputeSpec): readonly string[] {
  if (safekeeperConnstrings.length === 0) return [];
  const generation = safekeepersGeneration === null ? "" : `g#${safekeepersGeneration}:`;
  return [`neon.safekeepers=${confValue(generation + safekeeperConnstrings.join(","))}`];
}
