import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { type Notification, noNotification, renderNotification } from "../notification.ts";

/** Speaks to the service manager that started this process; never waits, never throws. */
export interface Notifier {
  /** The compute is running. */
  ready(): void;
  /** The process is about to end. */
  stopping(): void;
  /** One line for people, which `systemctl status` shows. */
  status(text: string): void;
}

const silentNotifier: Notifier = { ready() {}, stopping() {}, status() {} };

/** The tool takes milliseconds; for a service manager that does not read it waits 5 s by itself. */
const toolMsMax = 6_000;
const systemdNotifyPaths: readonly string[] = ["/usr/bin/systemd-notify", "/bin/systemd-notify"];

/**
 * A notifier for whoever listens on NOTIFY_SOCKET; silent when nobody does. Node has no datagram sockets of the Unix kind, so
 * systemd's own tool sends the messages, one after the other; only that of the end does not wait its turn. The variable is
 * taken out of `environment`: children that speak the protocol themselves, as Postgres does, would announce a readiness that
 * is not the compute's.
 */
export function createNotifier(
  environment: Record<string, string | undefined>,
  log: Pick<Log, "warn">,
  toolPaths = systemdNotifyPaths,
): Notifier {
  const socket = environment["NOTIFY_SOCKET"];
  delete environment["NOTIFY_SOCKET"];
  if (socket === undefined || socket === "") return silentNotifier;
  const tool = toolPaths.find((path) => existsSync(path));
  if (tool === undefined) {
    log.warn("cannot notify the service manager: there is no systemd-notify; install systemd's tools");
    return silentNotifier;
  }
  return createSpeaker((assignments, ended) => runTool(tool, assignments, { NOTIFY_SOCKET: socket }, ended), log);
}

type Send = (assignments: readonly string[], ended: (problem: unknown) => void) => void;

/** Sends one message after the other, each with the newest of what came up during the one before. */
function createSpeaker(send: Send, log: Pick<Log, "warn">): Notifier {
  let pending = noNotification;
  let running = 0;
  let usable = true;

  function tell(news: Partial<Notification>): void {
    pending = { ...pending, ...news };
    if (running === 0 || pending.stopping) sendPending();
  }

  function sendPending(): void {
    const assignments = renderNotification(pending);
    pending = noNotification;
    if (assignments.length === 0 || !usable) return;
    running += 1;
    const ended = (problem: unknown): void => {
      running -= 1;
      if (problem !== undefined) giveUp(problem);
      if (running === 0) sendPending();
    };
    send(assignments, ended);
  }

  /** A tool that fails once fails again: one warning is enough. */
  function giveUp(problem: unknown): void {
    if (usable) log.warn(`cannot notify the service manager and will not try again: ${describeError(problem)}`);
    usable = false;
  }

  return {
    ready: () => tell({ ready: true }),
    stopping: () => tell({ stopping: true }),
    status: (text) => tell({ status: text }),
  };
}

/** Runs the tool; `ended` hears of the problem, or undefined. This process does not wait for it. */
function runTool(
  path: string,
  assignments: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  ended: (problem: unknown) => void,
): void {
  const child = spawn(path, assignments, { env, stdio: "ignore", timeout: toolMsMax, killSignal: "SIGKILL" });
  child.unref();
  child.once("error", ended);
  child.once("exit", (code, signal) => {
    ended(code === 0 ? undefined : new Error(`${path} ended with ${signal ?? `code ${code}`}`));
  });
}
