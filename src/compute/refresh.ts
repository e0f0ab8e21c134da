import { sleep } from "../base/deadline.ts";
import { describeError } from "../base/error-chain.ts";
import { deriveSpec } from "../spec/derive.ts";
import { describeRefusal } from "../spec/describe-refusal.ts";
import { sameStorage } from "../spec/pageserver-info.ts";
import type { DerivedSpec } from "../spec/types.ts";
import type { ComputePorts } from "./ports.ts";
import { fixedPartProblems, wantsTheSame } from "./reconfigure.ts";
import type { ComputeStore } from "./store.ts";

/** How far apart pulls of the config are, whatever came of the last one (LIFE-30, LIFE-31). */
const refreshPauseMs = 5_000;

/** The config that a refresh found has no spec any more: this compute is to end (LIFE-30). */
class SpecWithdrawnError extends Error {
  constructor() {
    super("the pulled config has no spec: this compute is not wanted any more");
    this.name = "SpecWithdrawnError";
  }
}

/** What refreshing works with. */
export interface RefreshContext {
  readonly ports: ComputePorts;
  readonly store: ComputeStore;
  /** The spec that is in force: a stored one whose application failed does not count (T-12). */
  readonly applied: () => DerivedSpec | undefined;
  /** Brings a spec into force. */
  readonly reconfigure: (spec: DerivedSpec) => Promise<void>;
}

/**
 * Pulls the config and brings it into force, again and again until that worked or the status is another (LIFE-30, LIFE-31).
 * Only a change of pageservers is acted on: that is what callers refresh for.
 * @throws SpecWithdrawnError; the signal's reason when it fires
 */
export async function refreshUntilDone(context: RefreshContext, signal: AbortSignal): Promise<void> {
  const { ports, store } = context;
  while (store.dispatch("refresh-began")) {
    try {
      store.dispatch("refreshed", { error: null, spec: await refreshOnce(context, signal) });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SpecWithdrawnError) throw error;
      ports.log.error(`could not refresh the configuration, trying again: ${describeError(error)}`);
    }
    // Postgres asks for a refresh with every page that it cannot get; the pause keeps that from the control plane. A status
    // that somebody else changes meanwhile is not touched.
    await sleep(refreshPauseMs, signal);
    store.dispatch("refresh-failed");
  }
}

/** The spec that is in force afterwards. */
async function refreshOnce(
  { ports, store, applied, reconfigure }: RefreshContext,
  signal: AbortSignal,
): Promise<DerivedSpec> {
  const { spec } = await ports.configSource.load(signal);
  if (spec === null) throw new SpecWithdrawnError();
  const derived = deriveSpec(spec);
  if (!derived.ok) throw new Error(describeRefusal(derived.refusal, "the pulled config"));
  const current = applied();
  if (current !== undefined && sameStorage(current.pageservers, derived.value.pageservers)) {
    const rest = wantsTheSame(current, derived.value) ? "" : "; its other changes are left for /configure";
    ports.log.info(`the pulled config has the same pageservers: nothing to do${rest}`);
    return current;
  }
  const [problem] = fixedPartProblems(store.get().spec ?? derived.value, derived.value);
  if (problem !== undefined) throw new Error(`${problem.path}: ${problem.message}; ${problem.hint}`);
  await reconfigure(derived.value);
  return derived.value;
}
