import { findSetting } from "../spec/find-setting.ts";
import type { GenericOption } from "../spec/types.ts";

const fallback = 10;
const unsigned = /^\+?\d+$/;

/**
 * How many databases a start works on at the same time, from `max_connections` in the spec's settings or, without that
 * setting, in its `postgresql_conf` (APPLY-20). At least 1 (T3).
 */
export function startConcurrency(settings: readonly GenericOption[] | null, postgresqlConf: string | null): number {
  const connections = maxConnections(settings, postgresqlConf);
  if (connections === undefined) return fallback;
  if (connections < 10) return atLeastOne(connections);
  if (connections < 30) return fallback;
  return connections < 300 ? Math.floor(connections / 3) : 100;
}

/** A concurrency that makes progress (T3). */
export function atLeastOne(concurrency: number): number {
  return Math.max(1, concurrency);
}

/**
 * How many sessions create databases side by side: more than a few wait for each other's writes. Before 15 each creation
 * takes two checkpoints, and side by side they take longer.
 */
export function databaseConnections(serverMajor: number): number {
  return serverMajor >= 15 ? 3 : 1;
}

function maxConnections(settings: readonly GenericOption[] | null, postgresqlConf: string | null): number | undefined {
  const setting = findSetting(settings, "max_connections");
  if (setting !== null) return parseUnsigned(setting);
  return (postgresqlConf ?? "")
    .split("\n")
    .flatMap((line) => {
      const [left = "", ...right] = line.split("=");
      const value = left.trim() === "max_connections" ? parseUnsigned(right.join("=").trim()) : undefined;
      return value === undefined ? [] : [value];
    })
    .at(0);
}

function parseUnsigned(text: string): number | undefined {
  return unsigned.test(text) ? Number(text) : undefined;
}
