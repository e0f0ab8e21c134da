import { formatLsn, type Lsn } from "../base/lsn.ts";
import { together } from "../base/together.ts";
import type { DerivedSpec } from "../spec/types.ts";
import type { ComputePorts, ComputeSettings } from "./ports.ts";
import { writePostgresConf } from "./postgres-conf.ts";
import type { ComputeStore } from "./store.ts";

/** Zero stands for "the newest" in a request for a base backup (BASE-41). */
const newest: Lsn = 0n;

/**
 * Builds a fresh data directory (LIFE-12): an empty PGDATA with its configuration, the LSN to start from, the base backup
 * at that LSN, and what the backup lacks.
 */
export async function preparePgdata(
  ports: ComputePorts,
  settings: ComputeSettings,
  store: ComputeStore,
  spec: DerivedSpec,
  signal: AbortSignal,
): Promise<void> {
  const log = ports.log.span("prepare_pgdata");
  // The quorum check needs no files, so it runs while the directory is made; a full sync reads postgresql.conf and waits.
  const [, agreed] = await together(signal, [
    async (linked) => {
      await ports.pgdata.recreate(linked);
      await writePostgresConf(ports, settings, spec, spec.spec.dropSubscriptionsBeforeStart ? "held" : "free", linked);
    },
    (linked) => checkSafekeepers(ports, store, spec, linked),
  ]);
  const lsn = await startLsn(ports, store, spec, agreed, signal);
  log.info("fetching base backup", { lsn: formatLsn(lsn) });
  const figures = await ports.storage.fetchBasebackup(spec, lsn, signal);
  store.measure({
    pageserver_connect_micros: figures.connectMicros,
    basebackup_ms: figures.basebackupMs,
    basebackup_bytes: figures.bytes,
  });
  log.info("unpacked base backup", { bytes: figures.bytes, ms: Math.round(figures.basebackupMs) });
  await ports.pgdata.finish(spec);
}

async function checkSafekeepers(
  ports: ComputePorts,
  store: ComputeStore,
  spec: DerivedSpec,
  signal: AbortSignal,
): Promise<Lsn | undefined> {
  if (spec.spec.mode.kind !== "primary") return undefined;
  const began = ports.clock.monotonicMs();
  const agreed = await ports.storage.checkSafekeepers(spec, signal);
  store.measure({ sync_sk_check_ms: ports.clock.monotonicMs() - began });
  return agreed;
}

/** Where to start (LIFE-12 step 3). Only a primary may sync: it evicts a live primary. */
async function startLsn(
  ports: ComputePorts,
  store: ComputeStore,
  spec: DerivedSpec,
  agreed: Lsn | undefined,
  signal: AbortSignal,
): Promise<Lsn> {
  const { mode } = spec.spec;
  switch (mode.kind) {
    case "static":
      return mode.lsn;
    case "replica":
      return newest;
    case "primary": {
      if (agreed !== undefined) return agreed;
      const began = ports.clock.monotonicMs();
      const lsn = await ports.storage.syncSafekeepers(spec, signal);
      store.measure({ sync_safekeepers_ms: ports.clock.monotonicMs() - began });
      return lsn;
    }
  }
}
