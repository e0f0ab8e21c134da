import { formatLsn, type Lsn } from "../base/lsn.ts";
import { together } from "../base/together.ts";
import type { DerivedSpec } from "../spec/types.ts";
import { writePostgresConf } from "./postgres-conf.ts";
import type { StartContext } from "./start-context.ts";

type Context = Omit<StartContext, "onSpawned">;

/** Zero stands for "the newest" in a request for a base backup (BASE-41). */
const newest: Lsn = 0n;

/**
 * Builds a fresh data directory (LIFE-12): an empty PGDATA with its configuration, the LSN to start from, the base backup
 * at that LSN, and what the backup lacks.
 */
export async function preparePgdata(context: Context, spec: DerivedSpec, signal: AbortSignal): Promise<void> {
  const { ports, timeline } = context;
  const log = ports.log.span("prepare_pgdata");
  // Connecting to the pageserver needs no LSN, so it goes on while the safekeepers are asked for one.
  const basebackup = ports.storage.beginBasebackup(spec, signal);
  try {
    const lsn = await findStart(context, spec, signal);
    context.store.startsFrom(lsn);
    log.info("fetching base backup", { lsn: formatLsn(lsn) });
    const figures = await timeline.phase("get_basebackup", () => basebackup.fetch(lsn));
    context.store.measure({
      pageserver_connect_micros: figures.connectMicros,
      basebackup_ms: figures.basebackupMs,
      basebackup_bytes: figures.bytes,
    });
    log.info("unpacked base backup", { bytes: figures.bytes, ms: Math.round(figures.basebackupMs) });
  } finally {
    basebackup.close();
  }
  await timeline.phase("finish_pgdata", () => ports.pgdata.finish(spec));
}

/** Makes the empty directory and finds out which LSN to start from. */
async function findStart(context: Context, spec: DerivedSpec, signal: AbortSignal): Promise<Lsn> {
  const { ports, settings, timeline } = context;
  // The quorum check needs no files, so it runs while the directory is made; a full sync reads postgresql.conf and waits.
  const [, agreed] = await together(signal, [
    (linked) =>
      timeline.phase("recreate_pgdata", async () => {
        await ports.pgdata.recreate(linked);
        const subscribers = spec.spec.dropSubscriptionsBeforeStart ? "held" : "free";
        await writePostgresConf(ports, settings, spec, subscribers, linked);
      }),
    (linked) => checkSafekeepers(context, spec, linked),
  ]);
  return startLsn(context, spec, agreed, signal);
}

async function checkSafekeepers(
  { ports, store, timeline }: Context,
  spec: DerivedSpec,
  signal: AbortSignal,
): Promise<Lsn | undefined> {
  if (spec.spec.mode.kind !== "primary") return undefined;
  const began = ports.clock.monotonicMs();
  const check = (): Promise<Lsn | undefined> => ports.storage.checkSafekeepers(spec, signal);
  const agreed = await timeline.phase("check_safekeepers_synced", check);
  store.measure({ sync_sk_check_ms: ports.clock.monotonicMs() - began });
  return agreed;
}

/** Where to start (LIFE-12 step 3). Only a primary may sync: it evicts a live primary. */
async function startLsn(
  { ports, store, timeline }: Context,
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
      const sync = () => ports.storage.syncSafekeepers(spec, signal);
      const { lsn, syncMs } = await timeline.phase("sync_safekeepers", sync);
      if (syncMs !== null) store.measure({ sync_safekeepers_ms: syncMs });
      return lsn;
    }
  }
}
