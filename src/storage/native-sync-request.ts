import { findSetting } from "../spec/find-setting.ts";
import type { DerivedSpec, GenericOption } from "../spec/types.ts";
import { safekeeperTarget } from "./connection-target.ts";
import { ConnectionTargetError } from "./errors.ts";
import type { Branch } from "./requests.ts";

/** How to speak with safekeepers. */
export interface SafekeeperSettings {
  readonly protocolVersion: 2 | 3;
  /** For a connection and for an answer that is due (SK-50), in milliseconds. */
  readonly connectMsMax: number;
  /** How often those that are offline are tried again, in milliseconds. */
  readonly reconnectMs: number;
  /** In front of each entry (SK-31): TLS or not, and a password, which wins over the token (BASE-20). */
  readonly conninfoOptions: string | null;
}

/** Which safekeepers to bring into agreement, and about what (SK-30, SK-31). */
export interface NativeSync extends Branch, SafekeeperSettings {
  /** Entries `host:port`, 1 to 31, without the prefix `g#`. */
  readonly hostPorts: readonly string[];
  /** The number behind `g#`, 0 when there is none. */
  readonly generation: number;
  readonly token: string | null;
  /** The authorities to trust, see `LoginOptions`. */
  readonly caFile: string | null;
  /** Of the Postgres that will run, as in 170005 (SK-32). */
  readonly pgVersion: number;
}

const byDefault = { connectMsMax: 10_000, reconnectMs: 1_000 } as const;
const msMax = 2_147_483_647;
const msPerUnit: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000 };

/**
 * The settings by which Postgres's own sync would go, from the spec's settings (SK-21).
 * @throws ConnectionTargetError that names the setting at fault
 */
export function safekeeperSettings(settings: readonly GenericOption[] | null): SafekeeperSettings {
  return {
    protocolVersion: protocolVersion(findSetting(settings, "neon.safekeeper_proto_version")),
    connectMsMax: milliseconds(settings, "neon.safekeeper_connect_timeout") ?? byDefault.connectMsMax,
    reconnectMs: milliseconds(settings, "neon.safekeeper_reconnect_timeout") ?? byDefault.reconnectMs,
    conninfoOptions: conninfoOptions(findSetting(settings, "neon.safekeeper_conninfo_options")),
  };
}

/**
 * What a spec says about bringing its safekeepers into agreement, with the token in force (BASE-22).
 * @param pgVersion as in 170005
 * @throws ConnectionTargetError that names the setting at fault
 */
export function nativeSyncRequest(spec: DerivedSpec, pgVersion: number, caFile: string | null): NativeSync {
  const { tenantId, timelineId, storageAuthToken: token, safekeepers } = spec;
  const { hostPorts, generation } = safekeepers;
  const settings = safekeeperSettings(spec.spec.cluster.settings);
  return { ...settings, tenantId, timelineId, token, hostPorts, generation: generation ?? 0, caFile, pgVersion };
}

function protocolVersion(text: string | null): 2 | 3 {
  if (text === null || text === "3") return 3;
  if (text === "2") return 2;
  throw new ConnectionTargetError(`the setting neon.safekeeper_proto_version is ${JSON.stringify(text)}, not 2 or 3`);
}

function milliseconds(settings: readonly GenericOption[] | null, name: string): number | undefined {
  const text = findSetting(settings, name);
  if (text === null) return undefined;
  const { digits = "", unit = "ms" } = /^\s*(?<digits>\d{1,10})\s*(?<unit>ms|s|min)?\s*$/.exec(text)?.groups ?? {};
  const ms = Number(digits) * (msPerUnit[unit] ?? 1);
  if (ms >= 1 && ms <= msMax) return ms;
  throw new ConnectionTargetError(`the setting ${name} is ${JSON.stringify(text)}, not a time such as 1000 or 10s`);
}

function conninfoOptions(text: string | null): string | null {
  try {
    safekeeperTarget("safekeeper:5454", text);
    return text;
  } catch (error) {
    const why = error instanceof ConnectionTargetError ? `: ${error.message}` : "";
    throw new ConnectionTargetError(`the setting neon.safekeeper_conninfo_options cannot be used${why}`);
  }
}
