import { skippedMigration } from "./migration.ts";

export const skipped0008 = skippedMigration(
  8,
  "default privileges on sequences with grant option, which the apply grants (APPLY-36)",
);
