import { skippedMigration } from "./migration.ts";

export const skipped0006 = skippedMigration(6, "default privileges on sequences, which the apply grants (APPLY-36)");
