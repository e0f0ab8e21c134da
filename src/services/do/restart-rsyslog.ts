import { DeadlineError, sleep, withDeadline } from "../../base/deadline.ts";
import type { Log } from "../../base/log.ts";
import { ServiceError } from "../service-error.ts";
import { findByName, findByPidFile, type ProcessIdentity, sendSignal } from "./processes.ts";

/** How a running rsyslogd is found. */
export interface RsyslogSearch {
  /** Files that may say which process it is. */
  readonly pidFiles: readonly string[];
  /** Whether every process of that name on this machine counts, when no file names one. */
  readonly searchAll: boolean;
  /** How long the new one may take, in milliseconds; default that of the original (SVC-34). */
  readonly limitMs?: number;
}

const program = "rsyslogd";
const restartMsMax = 8_200;
const firstPollMs = 5;
const slowestPollMs = 200;

/**
 * Ends rsyslogd and waits until whoever looks after it has started it again (SVC-34). The dying process is not taken for the new
 * one, as pids and start times are compared (SVC-T6).
 * @throws ServiceError when none comes; the signal's reason when it fires
 */
export async function restartRsyslogd(search: RsyslogSearch, log: Log, signal: AbortSignal): Promise<void> {
  const { limitMs = restartMsMax } = search;
  const old = await findRsyslogd(search);
  for (const { pid } of old) sendSignal(pid, "SIGTERM");
  let running: readonly ProcessIdentity[] = old;
  try {
    await withDeadline("the restart of rsyslogd", limitMs, signal, async (limited) => {
      for (let pauseMs = firstPollMs; ; pauseMs = Math.min(2 * pauseMs, slowestPollMs)) {
        running = await findRsyslogd(search);
        const fresh = running.find((it) => !old.some((was) => was.pid === it.pid && was.startTicks === it.startTicks));
        if (fresh !== undefined) {
          log.info("rsyslogd was restarted", { pid: fresh.pid });
          return;
        }
        await sleep(pauseMs, limited);
      }
    });
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    const stays = running.length > 0 ? `process ${running.map(({ pid }) => pid).join(", ")} did not end` : undefined;
    const why = stays ?? "no rsyslogd runs: the host's init has to start it again when it ends";
    throw new ServiceError("rsyslog", `rsyslogd was not restarted within ${limitMs} ms; ${why}`, { cause: error });
  }
}

async function findRsyslogd({ pidFiles, searchAll }: RsyslogSearch): Promise<readonly ProcessIdentity[]> {
  const named = await Promise.all(pidFiles.map((path) => findByPidFile(path, program)));
  const found = named.find((process) => process !== undefined);
  if (found !== undefined) return [found];
  return searchAll ? findByName(program) : [];
}
