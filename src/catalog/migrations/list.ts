import { bypassRls } from "./0001-bypass-rls.ts";
import { inheritFromPrivilegedRole } from "./0002-inherit-from-privileged-role.ts";
import { createSubscriptions } from "./0003-create-subscriptions.ts";
import { monitor } from "./0004-monitor.ts";
import { skipped0005 } from "./0005-skipped.ts";
import { skipped0006 } from "./0006-skipped.ts";
import { skipped0007 } from "./0007-skipped.ts";
import { skipped0008 } from "./0008-skipped.ts";
import { skipped0009 } from "./0009-skipped.ts";
import { snapshotFunctions } from "./0010-snapshot-functions.ts";
import { replicationOriginStatus } from "./0011-replication-origin-status.ts";
import { signalBackend } from "./0012-signal-backend.ts";
import type { Migration } from "./migration.ts";

/** All migrations in their order; the one with number n stands at place n (MIG-3). */
export const migrations: readonly Migration[] = [
  bypassRls,
  inheritFromPrivilegedRole,
  createSubscriptions,
  monitor,
  skipped0005,
  skipped0006,
  skipped0007,
  skipped0008,
  skipped0009,
  snapshotFunctions,
  replicationOriginStatus,
  signalBackend,
];
