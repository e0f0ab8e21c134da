import { skippedMigration } from "./migration.ts";

export const skipped0009 = skippedMigration(9, "taking REPLICATION from all roles, an idea that was given up");
