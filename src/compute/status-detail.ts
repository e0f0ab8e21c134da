import type { InstalledTls } from "../conf/tls-state.ts";
import type { SettingsReport } from "../postgres/settings-report.ts";
import { knownFeaturesOf, unknownFeatures } from "../spec/features.ts";
import type { DerivedSpec } from "../spec/types.ts";

/** What `GET /status?detail=true` tells besides the status (HTTP-80). */
export interface StatusDetail {
  readonly features: { readonly on: readonly string[]; readonly unknown: readonly string[] };
  /** Null before the first reload, after which it is asked for. */
  readonly settings: SettingsReport | null;
  /** Null while Postgres has no certificate from this program. */
  readonly tls: InstalledTls | null;
}

/** The detail of a compute with this spec. */
export function statusDetail(
  spec: DerivedSpec | null,
  settings: SettingsReport | null,
  tls: InstalledTls | null,
): StatusDetail {
  return {
    features: {
      on: spec === null ? [] : knownFeaturesOf(spec.spec),
      unknown: spec === null ? [] : unknownFeatures(spec.spec),
    },
    settings,
    tls,
  };
}
