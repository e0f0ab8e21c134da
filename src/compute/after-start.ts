import { describeError } from "../base/error-chain.ts";
import type { DerivedSpec } from "../spec/types.ts";
import { appliesCatalog } from "./apply-catalog.ts";
import type { ComputePorts } from "./ports.ts";

/**
 * What follows a start in the background, one after the other, and never fails it: the migrations (MIG-1), and the update of
 * the neon extension (APPLY-50).
 * @param signal fires when Postgres is about to be gone
 */
export async function afterStart(ports: ComputePorts, spec: DerivedSpec, signal: AbortSignal): Promise<void> {
  if (appliesCatalog(spec)) await quietly(ports, "run the migrations", signal, ports.catalog.migrate);
  if (spec.spec.mode.kind === "primary" && ports.server.hasLibrary("neon")) {
    await quietly(ports, "post_apply_config", signal, ports.catalog.updateNeonExtension);
  }
}

async function quietly(
  { log }: ComputePorts,
  what: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  try {
    if (!signal.aborted) await work(signal);
  } catch (error) {
    if (!signal.aborted) log.error(`error while ${what}: ${describeError(error)}`);
  }
}
