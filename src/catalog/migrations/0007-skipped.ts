import { skippedMigration } from "./migration.ts";

export const skipped0007 = skippedMigration(
  7,
  "default privileges on tables with grant option, which the apply grants (APPLY-36)",
);
