import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/error-chain.ts";
import { type ServiceName, type ServiceView, unusedService } from "../service-view.ts";

/** Looks after one service: what is wanted of it, how that went, one thing at a time (chapter 04 §14.8). */
export interface Supervisor<Wish> {
  /**
   * Has the service brought to what is wished. One wish at a time is worked on; a newer one calls the older off and takes its
   * place, together with those who wait for it (SVC-T10). Rejects with the error of the wish that settled it.
   */
  want(wish: Wish): Promise<void>;
  view(): ServiceView;
  /** Calls off what goes on, and waits until it has ended. Later wishes are refused. */
  close(): Promise<void>;
}

/** What the work on a wish is given. */
export interface Attempt {
  /** Fires when a newer wish takes over, or the program ends. */
  readonly signal: AbortSignal;
  /** Notes that a step is tried again. */
  retrying(error: unknown): void;
}

/** Who hears what. */
export interface SupervisorPorts {
  readonly clock: Clock;
  readonly changed: (before: ServiceView, after: ServiceView) => void;
}

interface Pending<Wish> {
  readonly wish: Wish;
  readonly waiters: PromiseWithResolvers<void>[];
}

/** Makes the supervisor of a service that `work` brings to what is wished. */
export function createSupervisor<Wish>(
  service: ServiceName,
  work: (wish: Wish, attempt: Attempt) => Promise<void>,
  { clock, changed }: SupervisorPorts,
): Supervisor<Wish> {
  let view = unusedService(service, clock.now());
  let next: Pending<Wish> | undefined;
  let current: AbortController | undefined;
  let closed: Error | undefined;
  let idle: Promise<void> = Promise.resolve();

  function show(part: Partial<ServiceView>): void {
    const before = view;
    const since = part.state === undefined || part.state === view.state ? view.since : clock.now();
    view = Object.freeze({ ...view, ...part, since });
    changed(before, view);
  }

  async function drain(): Promise<void> {
    for (let pending = take(); pending !== undefined; pending = take()) {
      const controller = new AbortController();
      current = controller;
      await carryOut(pending, controller.signal);
      current = undefined;
    }
  }

  function take(): Pending<Wish> | undefined {
    const taken = next;
    next = undefined;
    return taken;
  }

  async function carryOut({ wish, waiters }: Pending<Wish>, signal: AbortSignal): Promise<void> {
    show({ state: "configuring" });
    const retrying = (error: unknown): void => show({ retries: view.retries + 1, lastError: describeError(error) });
    try {
      await work(wish, { signal, retrying });
    } catch (error) {
      if (signal.aborted && next !== undefined) {
        next.waiters.push(...waiters);
        return;
      }
      show({ state: "failed", lastError: describeError(error), failures: view.failures + (signal.aborted ? 0 : 1) });
      for (const waiter of waiters) waiter.reject(error);
      return;
    }
    show({ state: "configured" });
    for (const waiter of waiters) waiter.resolve();
  }

  return {
    want(wish) {
      if (closed !== undefined) return Promise.reject(closed);
      const waiter = Promise.withResolvers<void>();
      // Whoever does not wait must not end this program by a failure.
      waiter.promise.catch(() => {});
      next = { wish, waiters: [...(next?.waiters ?? []), waiter] };
      if (current === undefined) idle = idle.then(drain);
      else current.abort(new Error(`a newer wish for ${service} has arrived`));
      return waiter.promise;
    },
    view: () => view,
    async close() {
      closed ??= new Error(`${service} is not looked after any more`);
      for (const waiter of take()?.waiters ?? []) waiter.reject(closed);
      current?.abort(closed);
      await idle;
    },
  };
}
