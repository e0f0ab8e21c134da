import { PassThrough } from "node:stream";
import { formatLsn } from "../base/lsn.ts";
import type { Owner } from "../base/owner.ts";
import type { StoragePort } from "../compute/ports.ts";
import { childEnvironment } from "../postgres/command.ts";
import { versionNumber } from "../postgres/version.ts";
import { findSetting } from "../spec/find-setting.ts";
import type { DerivedSpec } from "../spec/types.ts";
import { nativeSyncRequest } from "../storage/native-sync-request.ts";
import type { Facts, Surroundings } from "./facts.ts";
import { loadBasebackup, loadLeases, loadLogPump, loadNativeSync, loadSafekeepers, loadSync } from "./load.ts";

/** How long a safekeeper may take to tell its status: little where a full sync can settle the matter (SK-10). */
const safekeeperMsMax = { beforeSync: 100, withoutSync: 2_000 } as const;

/** Neon's storage, over its protocols. */
export function storagePort(facts: Facts, { log, clock, metrics, onPostgresRecords }: Surroundings): StoragePort {
  const { pgdata } = facts.settings;
  const owner: Owner | null = facts.osUser;
  const isNative = facts.syncSafekeepers === "native";
  const canSync = isNative || facts.installation.hasLibrary("neon");
  /** Whom to be where a pageserver's URL names no user. */
  const osUser = facts.osUser?.name ?? "postgres";
  let doubt: string | null = null;
  const retried = (kind: string) => () => metrics.add("compute_ctl_retries_total", { kind }, 1);

  async function quorum(spec: DerivedSpec, signal: AbortSignal) {
    const { checkSafekeepers } = await loadSafekeepers();
    const { tenantId, timelineId, storageAuthToken: token } = spec;
    const askMsMax = canSync ? safekeeperMsMax.beforeSync : safekeeperMsMax.withoutSync;
    const { hostPorts } = spec.safekeepers;
    const conninfoOptions = findSetting(spec.spec.cluster.settings, "neon.safekeeper_conninfo_options");
    const check = { hostPorts, tenantId, timelineId, token, askMsMax, conninfoOptions, caFile: facts.storageCaFile };
    const outcome = await checkSafekeepers(check, { log: log.span("check_safekeepers_synced"), signal });
    doubt = outcome.kind === "synced" ? null : outcome.why;
    return outcome;
  }

  async function syncNatively(kind: "atStart" | "once", spec: DerivedSpec, signal: AbortSignal) {
    const { syncNativelyAtStart, syncSafekeepersNatively } = await loadNativeSync();
    const request = nativeSyncRequest(spec, versionNumber(facts.installation), facts.storageCaFile);
    const run = kind === "atStart" ? syncNativelyAtStart : syncSafekeepersNatively;
    const { lsn, durationMs } = await run(request, {
      log: log.span("sync_safekeepers"),
      clock,
      signal,
      onRetry: retried("sync-safekeepers"),
      deadlineMs: facts.syncMsMax,
    });
    log.info("synced safekeepers", { lsn: formatLsn(lsn) });
    return { lsn, syncMs: durationMs };
  }

  async function runSync(
    kind: "syncSafekeepersAtStart" | "syncSafekeepersOnce",
    spec: DerivedSpec,
    signal: AbortSignal,
  ) {
    const [sync, { pumpLog }] = await Promise.all([loadSync(), loadLogPump()]);
    const stderr = new PassThrough();
    pumpLog(stderr, onPostgresRecords);
    const command = {
      pgbin: facts.installation.pgbin,
      pgdata,
      env: childEnvironment({ environment: facts.environment, home: facts.osUser?.home ?? null }),
      token: spec.storageAuthToken,
      owner,
      memoryCgroup: facts.memoryCgroup,
      doubt,
    };
    const onStderr = (chunk: Buffer): void => void stderr.write(chunk);
    try {
      const { lsn, durationMs } = await sync[kind](command, {
        log: log.span("sync_safekeepers"),
        clock,
        signal,
        onStderr,
        onRetry: retried("sync-safekeepers"),
      });
      log.info("synced safekeepers", { lsn: formatLsn(lsn) });
      return { lsn, syncMs: durationMs };
    } finally {
      stderr.end();
    }
  }

  return {
    async checkSafekeepers(spec, signal) {
      // What the next step needs loads while the safekeepers are asked.
      if (isNative) loadNativeSync().catch(() => {});
      const outcome = await quorum(spec, signal);
      return outcome.kind === "synced" ? outcome.lsn : undefined;
    },
    syncSafekeepers: (spec, signal) =>
      isNative ? syncNatively("atStart", spec, signal) : runSync("syncSafekeepersAtStart", spec, signal),
    async finalLsn(spec, signal) {
      if (isNative) return syncNatively("once", spec, signal);
      if (facts.installation.hasLibrary("neon")) return runSync("syncSafekeepersOnce", spec, signal);
      // Stock Postgres writes to no safekeeper: they stand where they stood, if they can be asked at all.
      const outcome = await quorum(spec, signal);
      return { lsn: outcome.kind === "synced" ? outcome.lsn : null, syncMs: null };
    },
    async leaseLsn(spec, lsn, signal) {
      const { leaseAllShards } = await loadLeases();
      const { tenantId, timelineId, pageservers, storageAuthToken: token } = spec;
      const request = { tenantId, timelineId, pageservers, lsn, token, osUser, caFile: facts.storageCaFile };
      return leaseAllShards(request, signal);
    },
    beginBasebackup(spec, signal) {
      const { tenantId, timelineId, pageservers, storageAuthToken: token } = spec;
      const { basebackupRetriesMax: retriesMax, basebackupCompression: compression, storageCaFile: caFile } = facts;
      const { mode } = spec.spec;
      const branch = { tenantId, timelineId, pageservers, mode, token, osUser, caFile };
      const request = { ...branch, pgdata, owner, retriesMax, compression };
      const ports = { clock, signal, onRetry: retried("basebackup") };
      const begun = loadBasebackup().then(({ beginBasebackup }) => beginBasebackup(request, ports));
      // Thrown where it is awaited.
      begun.catch(() => {});
      return {
        fetch: async (lsn) => (await begun).fetch(lsn, log.span("get_basebackup", { lsn: formatLsn(lsn) })),
        close: () =>
          void begun.then(
            (pending) => pending.close(),
            () => {},
          ),
      };
    },
  };
}
