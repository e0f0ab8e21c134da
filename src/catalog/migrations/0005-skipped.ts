import { skippedMigration } from "./migration.ts";

export const skipped0005 = skippedMigration(5, "default privileges on tables, which the apply grants (APPLY-36)");
