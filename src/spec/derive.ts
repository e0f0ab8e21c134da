import { hexIdProblem, parseTenantId, parseTimelineId } from "../base/ids.ts";
import { derivePageservers, shardMapProblems } from "./derive-pageservers.ts";
import { deriveWarnings } from "./derive-warnings.ts";
import { findSetting } from "./find-setting.ts";
import { placeholder } from "./placeholder.ts";
import { firstDuplicate, parseSafekeeperList } from "./safekeeper-list.ts";
import type { ComputeSpec, DerivedSpec, Problem, Refusal, Safekeepers } from "./types.ts";

/** What came of a spec: what follows from it and what to warn of, or why it was refused. */
export type Derivation =
  | { readonly ok: true; readonly value: DerivedSpec; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly refusal: Refusal };

type Found<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/**
 * Computes what follows from a spec and checks it (SPEC-41, SPEC-42). Every problem is told; the first is the one at which
 * the original stops, and problems that it only meets when it uses the value come last.
 */
export function deriveSpec(spec: ComputeSpec): Derivation {
  const { settings } = spec.cluster;
  const pageservers = derivePageservers(spec);
  const safekeepers = deriveSafekeepers(spec);
  const tenantId = deriveId(spec, spec.tenantId, "tenant", parseTenantId);
  const timelineId = deriveId(spec, spec.timelineId, "timeline", parseTimelineId);
  const problems = [
    ...[pageservers, safekeepers, tenantId, timelineId].flatMap((found) => (found.ok ? [] : [found.problem])),
    ...(safekeepers.ok ? safekeeperProblems(spec, safekeepers.value) : []),
    ...(pageservers.ok ? shardMapProblems(pageservers.value) : []),
    ...renameProblems(spec),
  ];
  if (!pageservers.ok || !safekeepers.ok || !tenantId.ok || !timelineId.ok || problems.length > 0)
    return { ok: false, refusal: { kind: "derive", problems } };
  const value: DerivedSpec = {
    spec,
    tenantId: tenantId.value,
    timelineId: timelineId.value,
    pageservers: pageservers.value,
    safekeepers: safekeepers.value,
    storageAuthToken: spec.storageAuthToken,
    endpointStorageAddr: spec.endpointStorageAddr ?? findSetting(settings, "neon.endpoint_storage_addr"),
    endpointStorageToken: spec.endpointStorageToken ?? findSetting(settings, "neon.endpoint_storage_token"),
  };
  return { ok: true, value, warnings: deriveWarnings(value) };
}

function deriveSafekeepers(spec: ComputeSpec): Found<Safekeepers> {
  const generation = spec.safekeepersGeneration;
  const hostPorts = spec.safekeeperConnstrings.map((entry) => entry.trim());
  if (hostPorts.length > 0 || spec.mode.kind !== "primary") return { ok: true, value: { hostPorts, generation } };
  const text = findSetting(spec.cluster.settings, "neon.safekeepers");
  const listed = text === null ? undefined : parseSafekeeperList(text);
  if (listed === undefined || listed.hostPorts.every((entry) => entry === "")) {
    const message = "safekeeper connstrings should be provided";
    return { ok: false, problem: { path: "spec.safekeeper_connstrings", message, hint: 'list each as "host:port"' } };
  }
  return { ok: true, value: { ...listed, generation: listed.generation ?? generation } };
}

/** Only a primary writes WAL, so only its list must be sound. */
function safekeeperProblems(spec: ComputeSpec, { hostPorts }: Safekeepers): readonly Problem[] {
  if (spec.mode.kind !== "primary") return [];
  const path = "spec.safekeeper_connstrings";
  const problems: Problem[] = [];
  const named = hostPorts.filter((entry) => entry !== "");
  const duplicate = firstDuplicate(named);
  if (duplicate !== undefined)
    problems.push({ path, message: `duplicate entry in safekeeper_connstrings: ${duplicate}!` });
  if (named.length < hostPorts.length) problems.push({ path, message: "empty entry in safekeeper_connstrings" });
  return problems;
}

function deriveId<T>(
  spec: ComputeSpec,
  field: T | null,
  noun: "tenant" | "timeline",
  parse: (text: string) => T | undefined,
): Found<T> {
  if (field !== null) return { ok: true, value: field };
  const setting = `neon.${noun}_id`;
  const text = findSetting(spec.cluster.settings, setting);
  if (text === null)
    return { ok: false, problem: { path: `spec.${noun}_id`, message: `${noun} id should be provided` } };
  const id = parse(text);
  if (id !== undefined) return { ok: true, value: id };
  const why = placeholder.test(text) ? "replace the template's placeholder in it" : hexIdProblem(text);
  const hint = `the setting ${setting} must have 32 hex digits: ${why}`;
  return { ok: false, problem: { path: "spec.cluster.settings", message: `invalid ${noun} id`, hint } };
}

/** Renames need a new name (SPEC-31). */
function renameProblems(spec: ComputeSpec): readonly Problem[] {
  return spec.deltaOperations.flatMap(({ action, newName }, index) => {
    const isRename = action === "rename_db" || action === "rename_role";
    if (!isRename || newName !== null) return [];
    return [{ path: `spec.delta_operations[${index}]`, message: `${action} without new_name` }];
  });
}
