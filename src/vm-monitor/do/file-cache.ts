import { openUnlessAborted, unlessAborted, withDeadline } from "../../base/deadline.ts";
import type { OpenSession, SqlSession } from "../../base/sql.ts";
import {
  type CacheSettings,
  type CacheSizes,
  neonSettings,
  readSizesSql,
  reloadSql,
  setLimitSql,
  sizesIn,
  wholeMib,
} from "../file-cache.ts";
import { mib } from "../sizes.ts";

/** The file cache of one Postgres, over a connection that is let go of when it is not used. */
export interface FileCache {
  /**
   * Sets the size to `bytes`, or what Postgres allows of it, in whole MiB, and returns what it has then (VM-25).
   * @throws SqlError, DeadlineError, or the signal's reason
   */
  set(bytes: number, signal: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

/** The agent waits 5 s for an answer (VM-28). */
const resizeMsMax = 4_000;
/** How long a connection may be idle: a smart shutdown of Postgres waits for it to end. */
const idleMsMax = 3_000;

/**
 * Connects, and looks whether there is a file cache whose size can be set; undefined when Postgres knows no such settings.
 * @throws SqlError when it cannot be reached or asked, or the signal's reason
 */
export async function openFileCache(
  openSession: OpenSession,
  signal: AbortSignal,
  {
    settings = neonSettings,
    limitMs = resizeMsMax,
    idleMs = idleMsMax,
  }: { readonly settings?: CacheSettings; readonly limitMs?: number; readonly idleMs?: number } = {},
): Promise<FileCache | undefined> {
  let session: SqlSession | undefined = await openUnlessAborted(openSession({ purpose: "vm-monitor" }), signal);
  /** What was set last, in MiB: it has been proved then that we may. */
  let lastMib: number | undefined;
  let idling: NodeJS.Timeout | undefined;

  /** Lets go of a connection that nobody knows the state of, without waiting for its server. */
  function drop(): void {
    clearTimeout(idling);
    session?.close().catch(() => {});
    session = undefined;
  }

  function rest(): void {
    idling = setTimeout(drop, idleMs).unref();
  }

  async function readOnce(limited: AbortSignal): Promise<CacheSizes | null> {
    session ??= await openUnlessAborted(openSession({ purpose: "vm-monitor" }), limited);
    const [row] = await unlessAborted(session.run(readSizesSql(settings)), limited);
    return sizesIn(row);
  }

  /** A failed read is repeated once, on a connection of its own (VM-26). */
  async function read(limited: AbortSignal): Promise<CacheSizes | null> {
    try {
      return await readOnce(limited);
    } catch {
      limited.throwIfAborted();
      drop();
      return await readOnce(limited);
    }
  }

  async function resize(bytes: number, limited: AbortSignal): Promise<number> {
    const sizes = await read(limited);
    if (sizes === null || session === undefined) throw new Error(`Postgres does not know ${settings.limit} any more`);
    const wanted = wholeMib(bytes, sizes.maxBytes);
    // The first one is always set, to see whether we may (VM-24); afterwards only what changes something.
    if (wanted !== lastMib || sizes.limitBytes !== wanted * mib) {
      await unlessAborted(session.run(setLimitSql(settings, wanted)), limited);
      await unlessAborted(session.run(reloadSql), limited);
      lastMib = wanted;
    }
    return wanted * mib;
  }

  const cache: FileCache = {
    async set(bytes, outer) {
      clearTimeout(idling);
      try {
        const size = await withDeadline("setting the size of the file cache", limitMs, outer, (limited) =>
          resize(bytes, limited),
        );
        rest();
        return size;
      } catch (error) {
        drop();
        throw error;
      }
    },
    async close() {
      clearTimeout(idling);
      await session?.close();
      session = undefined;
    },
  };
  try {
    if ((await read(signal)) !== null) {
      rest();
      return cache;
    }
  } catch (error) {
    drop();
    throw error;
  }
  await cache.close();
  return undefined;
}
