import { decodePayload } from "../spec/decode.ts";
import { deriveSpec } from "../spec/derive.ts";
import type { Cluster, ComputeSpec, DerivedSpec, GenericOption } from "../spec/types.ts";

/** Reads a spec as a control plane would send it, for tests; wrapped in a config or not. */
export function derivedFrom(json: string): DerivedSpec {
  const decoded = decodePayload(json, { strict: true });
  if (!decoded.ok || decoded.value.spec === null) throw new Error("the sample is not a spec");
  const derived = deriveSpec(decoded.value.spec);
  if (!derived.ok) throw new Error("the sample's spec cannot be derived");
  return derived.value;
}

/** A small primary for tests: changes to its spec, and to the cluster in it. */
export function sampleSpec(change: Partial<ComputeSpec> = {}, cluster: Partial<Cluster> = {}): DerivedSpec {
  const derived = derivedFrom(sample);
  return { ...derived, spec: { ...derived.spec, ...change, cluster: { ...derived.spec.cluster, ...cluster } } };
}

/** A setting as control planes send it. */
export function setting(name: string, value: string | null, vartype = "string"): GenericOption {
  return { name, value, vartype };
}

const sample = `{
  "format_version": 1.0,
  "suspend_timeout_seconds": -1,
  "cluster": { "roles": [], "databases": [] },
  "tenant_id": "5e1f0c2a9b7d4e6f8a3b1c0d2e4f6a7b",
  "timeline_id": "c0ffee00d15ea5e0badc0de0deadbeef",
  "pageserver_connstring": "postgresql://no_user@ps.lagoon.test:6400",
  "safekeeper_connstrings": ["sk.lagoon.test:5454"],
  "mode": "Primary"
}`;
