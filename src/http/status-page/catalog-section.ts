import { appliesCatalog } from "../../compute/apply-catalog.ts";
import type { DerivedSpec } from "../../spec/types.ts";
import type { CatalogSection } from "./page-state.ts";
import type { PageViews } from "./views.ts";

/** The catalog as wanted and as last seen; null before there is a spec. */
export function catalogSection({ overview, status }: PageViews): CatalogSection | null {
  const { spec, drift, isInForce } = overview;
  if (spec === null) return null;
  return {
    roles: spec.spec.cluster.roles.length,
    databases: spec.spec.cluster.databases.length,
    whyNotApplied: whyNotApplied(spec),
    canCompare: isInForce && status.status === "running" && appliesCatalog(spec),
    drift: drift && {
      checkedAtMs: drift.checkedAt.getTime(),
      steps: drift.phases.reduce((sum, phase) => sum + phase.steps, 0),
      phases: drift.phases,
    },
  };
}

function whyNotApplied(spec: DerivedSpec): string | null {
  if (appliesCatalog(spec)) return null;
  const { mode } = spec.spec;
  return mode.kind === "primary" ? "the spec says to leave the catalog alone" : `a ${mode.kind} compute only reads it`;
}
