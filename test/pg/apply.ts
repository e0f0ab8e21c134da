import { systemClock } from "../../src/base/clock.ts";
import type { OpenSession } from "../../src/base/sql.ts";
import { type ApplyInput, applyCatalog } from "../../src/catalog/do/apply-catalog.ts";
import type { SessionLimits } from "../../src/catalog/do/maintenance-session.ts";
import { type SampleSpec, sampleSpec } from "../../src/catalog/test-samples.ts";
import { createRecordingLog, type RecordingLog } from "./recording-log.ts";

/** What a test wants to know of an apply. */
export interface Applied {
  readonly steps: number;
  readonly warnings: readonly string[];
  /** Every line, with its fields. */
  readonly log: string;
}

/** Applies the catalog of a sample spec, as a start would; `options` go over its own. */
export async function apply(
  { openSession }: { readonly openSession: OpenSession },
  sample: SampleSpec,
  signal: AbortSignal = new AbortController().signal,
  options: Partial<ApplyInput> = {},
  sessionLimits: SessionLimits = {},
  { log, lines }: RecordingLog = createRecordingLog(),
): Promise<Applied> {
  const defaults = { privilegedRoleName: "neon_superuser", concurrency: 4, neonRequired: false };
  const input = { spec: sampleSpec(sample), ...defaults, ...options };
  const { phases, warnings } = await applyCatalog(input, {
    openSession,
    log,
    clock: systemClock,
    signal,
    sessionLimits,
  });
  return { steps: phases.reduce((sum, { steps }) => sum + steps, 0), warnings, log: lines.join("\n") };
}
