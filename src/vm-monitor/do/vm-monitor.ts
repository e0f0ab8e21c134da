import type { BlockList } from "node:net";
import type { WebSocket } from "ws";
import type { Clock } from "../../base/clock.ts";
import { unlessAborted, withDeadline } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { OpenSession } from "../../base/sql.ts";
import { formatSocketAddress, type SocketAddress } from "../address.ts";
import type { SessionNews } from "../news.ts";
import { cacheBytes } from "../sizes.ts";
import { noteworthy, notListening, type ScalingView, viewSession, withNews } from "../view.ts";
import { type CgroupPlaces, findCgroup, readMemory, readTotalBytes, usualPlaces } from "./cgroup.ts";
import { openFileCache } from "./file-cache.ts";
import { type HeldSession, holdSession, type SessionLimits, type SessionTools, usualLimits } from "./hold-session.ts";
import { listenForAgents, type MonitorListener } from "./listen.ts";

/** What a monitor watches, and where it is asked. */
export interface VmMonitorOptions {
  readonly address: SocketAddress;
  /** Those that may connect; everybody when it is not given. */
  readonly peers?: BlockList | undefined;
  /** Null when no cgroup is to be watched. */
  readonly cgroup: string | null;
  readonly places?: CgroupPlaces;
  /** Opens sessions that may size the file cache; null when it is to be left alone. */
  readonly openSession: OpenSession | null;
  readonly limits?: SessionLimits;
}

/** Where a monitor tells what it does. */
export interface VmMonitorDeps {
  readonly log: Log;
  readonly clock: Clock;
  readonly onNews?: (news: SessionNews) => void;
  readonly onChange?: (view: ScalingView) => void;
}

/** A monitor that listens. */
export interface VmMonitor {
  readonly address: SocketAddress;
  view(): ScalingView;
  /** Takes no more agents, tells the one that is there why, and resolves when nothing is in progress any more. */
  close(reason: string): Promise<void>;
}

/** An agent gets the answer that the set-up failed while it still waits for one: a moment before the session is given up. */
const equipShare = 0.75;

/**
 * Starts a monitor (VM-5). One agent is served at a time: a new one takes the place of the last (VM-6).
 * @throws Error with the system's code when the address cannot be had
 */
export async function startVmMonitor(options: VmMonitorOptions, deps: VmMonitorDeps): Promise<VmMonitor> {
  const { log, clock } = deps;
  const limits = options.limits ?? usualLimits;
  const places = options.places ?? usualPlaces;
  const sessions = new Set<HeldSession>();
  const missing = new Map<"cgroup" | "file cache", string>();
  let newest: HeldSession | undefined;
  /** Resolves when no session before the newest has anything in progress. */
  let allReleased: Promise<unknown> = Promise.resolve();
  let view: ScalingView = notListening;

  function change(part: Partial<ScalingView>): void {
    view = { ...view, ...part };
    deps.onChange?.(view);
  }

  function take(news: SessionNews, spanned: Log): void {
    if (news.kind === "line") spanned[news.level](news.text);
    const text = noteworthy(news);
    if (text !== null) spanned.info(text);
    change({
      counts: withNews(view.counts, news),
      last: text === null ? view.last : { at: clock.now(), text },
    });
    deps.onNews?.(news);
  }

  /** Says once what a session has to do without, and once that it is there again. */
  function note(what: "cgroup" | "file cache", why: string | null): void {
    const line = why === null ? undefined : `no ${what} is managed: ${why}`;
    if (missing.get(what) === line) return;
    if (line === undefined) {
      missing.delete(what);
      log.info(`the ${what} is there now`);
    } else {
      missing.set(what, line);
      log.warn(line);
    }
    change({ problem: missing.size === 0 ? null : [...missing.values()].join("; ") });
  }

  /** Looks once, for each session, at what there is: a cgroup and a file cache, one of them, or neither. */
  async function equip(signal: AbortSignal): Promise<SessionTools> {
    const cgroup = options.cgroup === null ? null : await findCgroup(places, options.cgroup);
    if (cgroup !== null) note("cgroup", cgroup.ok ? null : cgroup.why);
    const folder = cgroup?.ok === true ? cgroup.folder : null;
    const totalBytes = await readTotalBytes(places, folder);
    const cache = await equipCache(options.openSession, totalBytes, signal);
    return {
      found: { totalBytes, watchesCgroup: folder !== null, cacheBytes: cache?.bytes ?? null },
      readMemory: folder === null ? null : () => readMemory(folder),
      cache: cache?.cache ?? null,
    };
  }

  async function equipCache(openSession: OpenSession | null, totalBytes: number, signal: AbortSignal) {
    if (openSession === null) return null;
    const cache = await openFileCache(openSession, signal);
    note("file cache", cache === undefined ? "this Postgres has none that could be sized" : null);
    if (cache === undefined) return null;
    try {
      return { cache, bytes: await cache.set(cacheBytes(totalBytes), signal) };
    } catch (error) {
      await cache.close();
      throw error;
    }
  }

  function takeOn(socket: WebSocket, peer: string): void {
    const [before, beforeReleased] = [newest, allReleased];
    const since = clock.now();
    const number = view.counts.sessions + 1;
    const spanned = log.span("session", { peer });
    before?.leave({ code: 1001, reason: "another agent has connected" }, "idle");
    change({ counts: { ...view.counts, sessions: number } });
    spanned.info("an agent has connected");
    const held = holdSession(socket, {
      clock,
      limits,
      equip: (outer) =>
        withDeadline("setting up the session", limits.setUpMsMax * equipShare, outer, async (signal) => {
          await unlessAborted(beforeReleased, signal);
          return await equip(signal);
        }),
      onNews: (news) => take(news, spanned),
      onChange: (session) => {
        if (view.counts.sessions === number) change({ session: viewSession(session, peer, since) });
      },
    });
    newest = held;
    allReleased = Promise.all([beforeReleased, held.released]).then(() => {});
    sessions.add(held);
    void held.ended.then(() => {
      sessions.delete(held);
      spanned.info("the session is over");
    });
  }

  const listener: MonitorListener = await listenForAgents(options.address, options.peers ?? null, takeOn, (error) =>
    log.error(`the vm-monitor's listener failed: ${describeError(error)}`),
  );
  const listening = formatSocketAddress(listener.address);
  log.info(`the vm-monitor listens at ${listening}`);
  change({ listening });
  return {
    address: listener.address,
    view: () => view,
    async close(reason) {
      listener.close();
      for (const session of sessions) session.leave({ code: 1001, reason }, "now");
      await Promise.all([...sessions].map(({ ended }) => ended));
      change({ listening: null, session: null });
      log.info("the vm-monitor has ended");
    },
  };
}
