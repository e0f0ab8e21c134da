import { systemClock } from "../../src/base/clock.ts";
import type { Log } from "../../src/base/log.ts";
import type { OpenSession } from "../../src/base/sql.ts";
import { applyCatalog } from "../../src/catalog/do/apply-catalog.ts";
import { type SampleSpec, sampleSpec } from "../../src/catalog/test-samples.ts";

/** The servers on which the catalog tests run. */
export const majors = [15, 17] as const;

/** What a test wants to know of an apply. */
export interface Applied {
  readonly steps: number;
  readonly warnings: readonly string[];
  /** Every line, with its fields. */
  readonly log: string;
}

/** Applies the catalog of a sample spec, as a start would. */
export async function apply(
  { openSession }: { readonly openSession: OpenSession },
  sample: SampleSpec,
  signal: AbortSignal = new AbortController().signal,
): Promise<Applied> {
  const lines: string[] = [];
  const write = (message: string, fields: object = {}): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log: Log = { debug: write, info: write, warn: write, error: write, span: () => log };
  const input = { spec: sampleSpec(sample), privilegedRoleName: "neon_superuser", concurrency: 4, neonRequired: false };
  const { phases, warnings } = await applyCatalog(input, { openSession, log, clock: systemClock, signal });
  return { steps: phases.reduce((sum, { steps }) => sum + steps, 0), warnings, log: lines.join("\n") };
}
