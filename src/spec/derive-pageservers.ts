import { findSetting } from "./find-setting.ts";
import { pageserversFromConnstring, shardIndexes } from "./pageserver-info.ts";
import type { ComputeSpec, PageserverConnectionInfo, Problem } from "./types.ts";

type Derived =
  | { readonly ok: true; readonly value: PageserverConnectionInfo }
  | { readonly ok: false; readonly problem: Problem };

/** Where the pages are (SPEC-41, first row): the structured member, else the connection string, else two settings. */
export function derivePageservers(spec: ComputeSpec): Derived {
  if (spec.pageserverConnectionInfo !== null) return { ok: true, value: spec.pageserverConnectionInfo };
  if (spec.pageserverConnstring !== null)
    return fromConnstring("spec.pageserver_connstring", spec.pageserverConnstring, spec.shardStripeSize);
  const { settings } = spec.cluster;
  const connstring = findSetting(settings, "neon.pageserver_connstring");
  if (connstring === null) {
    const message = "pageserver connection information should be provided";
    const hint = "set pageserver_connection_info, or pageserver_connstring";
    return { ok: false, problem: { path: "spec.pageserver_connection_info", message, hint } };
  }
  const stripeText = findSetting(settings, "neon.stripe_size");
  const stripeProblem = stripeText === null ? undefined : u32Problem(stripeText);
  if (stripeProblem !== undefined) {
    const hint = "the setting neon.stripe_size is a whole number of pages of 8 KiB";
    return { ok: false, problem: { path: "spec.cluster.settings", message: stripeProblem, hint } };
  }
  return fromConnstring("spec.cluster.settings", connstring, stripeText === null ? null : Number(stripeText));
}

function fromConnstring(path: string, connstring: string, stripeSize: number | null): Derived {
  const read = pageserversFromConnstring(connstring, stripeSize);
  return read.ok ? read : { ok: false, problem: { path, message: read.message } };
}

/** What the original's number parser says about a text that is no unsigned 32-bit number. */
function u32Problem(text: string): string | undefined {
  if (text === "") return "cannot parse integer from empty string";
  if (!/^\+?\d+$/.test(text)) return "invalid digit found in string";
  return Number(text) > 0xffff_ffff ? "number too large to fit in target type" : undefined;
}

/**
 * What is wrong with a shard map that would only show when it is used: shards without an entry or without a pageserver,
 * and several shards without a stripe size (SPEC-44).
 */
export function shardMapProblems(info: PageserverConnectionInfo): readonly Problem[] {
  const path = "spec.pageserver_connection_info";
  const problems: Problem[] = [];
  if (info.shardCount > 1 && info.stripeSize === null)
    problems.push({ path, message: `${info.shardCount} shards but no stripe_size` });
  for (const index of shardIndexes(info.shardCount)) {
    const pageservers = info.shards.get(index)?.pageservers;
    if (pageservers === undefined)
      problems.push({ path, message: `shard ${index} missing from pageserver_connection_info shard map` });
    else if (pageservers.length === 0)
      problems.push({ path: `${path}.shards.${index}`, message: "shard has no pageserver" });
  }
  return problems;
}

/** Entries of a shard map that belong to no shard of the tenant. */
export function surplusShards(info: PageserverConnectionInfo): readonly string[] {
  const expected = new Set(shardIndexes(info.shardCount));
  return [...info.shards.keys()].filter((index) => !expected.has(index));
}
