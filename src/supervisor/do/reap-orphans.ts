import { readdirSync, readFileSync } from "node:fs";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { orphansAmong, zombiesOfFirst } from "../zombies.ts";

/** How soon after the end of a child it is looked for, and again: Node reaps its own within this time. */
const lookMs = 500;
/** One more look, should the kernel's word of an end have been lost. */
const idleLookMs = 60_000;
/** waitpid's "do not wait". */
const noHang = 1;

/**
 * Reaps the orphans that the first process of a container inherits (LIFE-64). Node waits only for children that it started, so
 * the C library is asked to. Where Node cannot call it, one warning says what to do. Ends with the process.
 */
export async function reapOrphans(log: Pick<Log, "warn" | "debug">): Promise<void> {
  const waitpid = await loadWaitpid(log);
  if (waitpid === undefined) return;
  let before: readonly number[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isSoon = false;

  function lookAfter(ms: number): void {
    clearTimeout(timer);
    isSoon = ms === lookMs;
    timer = setTimeout(look, ms).unref();
  }

  function look(): void {
    const zombies = zombiesOfFirst(readStats());
    for (const pid of orphansAmong(zombies, before)) {
      waitpid?.(pid);
      log.debug(`reaped orphan ${pid}`);
    }
    before = zombies;
    lookAfter(zombies.length > 0 ? lookMs : idleLookMs);
  }

  process.on("SIGCHLD", () => {
    // Children that end all the time must not put a look off for ever.
    if (!isSoon) lookAfter(lookMs);
  });
  look();
}

type Waitpid = (pid: number) => void;

async function loadWaitpid(log: Pick<Log, "warn">): Promise<Waitpid | undefined> {
  try {
    const { dlopen } = await import("node:ffi");
    const { functions } = dlopen(null, {
      waitpid: { arguments: ["int32", "pointer", "int32"], return: "int32" },
    });
    return (pid) => void functions.waitpid(pid, 0n, noHang);
  } catch (error) {
    const advice = "run the container with an init, such as docker run --init";
    log.warn(`as process 1 this program cannot reap orphans here (${describeError(error)}): ${advice}`);
    return undefined;
  }
}

/** What cannot be read, because a process is gone or there are no descriptors left, is nothing now: another look follows. */
function readStats(): readonly string[] {
  return orNothing<readonly string[]>(() => readdirSync("/proc"), [])
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => orNothing(() => readFileSync(`/proc/${pid}/stat`, "utf8"), ""));
}

function orNothing<T>(read: () => T, nothing: T): T {
  try {
    return read();
  } catch {
    return nothing;
  }
}
