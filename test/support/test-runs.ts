import { relative } from "node:path";
import type { PostgresMajor } from "../../src/standin/postgres-major.ts";

/** One run of a test file, in a process of its own. */
export interface TestRun {
  readonly file: string;
  /** How reports call it. */
  readonly label: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The runs that test files take: those below `test/pg` one for each Postgres, so that each has a file's time for itself and
 * they can go on side by side; all others one.
 */
export function testRuns(root: string, files: readonly string[], majors: readonly PostgresMajor[]): readonly TestRun[] {
  return files.flatMap((file): readonly TestRun[] => {
    const label = relative(root, file);
    if (!label.startsWith("test/pg/")) return [{ file, label, env: {} }];
    return majors.map((major) => ({
      file,
      label: `${label} (Postgres ${major})`,
      env: { TEST_POSTGRES: String(major) },
    }));
  });
}
