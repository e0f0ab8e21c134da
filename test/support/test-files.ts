import { globSync } from "node:fs";
import { join } from "node:path";

/** The kinds of tests, in the order in which they run: the quick ones first. */
export const testGroups = ["unit", "pg", "e2e"] as const;
export type TestGroup = (typeof testGroups)[number];

/** Which group a test file belongs to, by its path below the project's folder. */
export function testGroupOf(path: string): TestGroup {
  if (path.startsWith("test/e2e/")) return "e2e";
  return path.endsWith(".pg.test.ts") ? "pg" : "unit";
}

/** Absolute paths of the group's test files, sorted. */
export function findTestFiles(root: string, group: TestGroup): readonly string[] {
  return globSync(["src/**/*.test.ts", "test/**/*.test.ts"], { cwd: root })
    .filter((path) => testGroupOf(path) === group)
    .sort()
    .map((path) => join(root, path));
}
