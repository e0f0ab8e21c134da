import { sleep } from "../base/deadline.ts";
import { describeError } from "../base/error-chain.ts";
import type { DerivedSpec } from "../spec/types.ts";
import { appliesCatalog } from "./apply-catalog.ts";
import { inForce } from "./plan-catalog.ts";
import type { ComputePorts } from "./ports.ts";

/**
 * Compares the catalog with the spec in force every `intervalMs`, until the signal fires. Only reads; what it finds is logged
 * and measured, never repaired. Never rejects.
 * @param applied the spec in force; undefined while none is
 */
export async function watchDrift(
  ports: ComputePorts,
  intervalMs: number,
  applied: () => DerivedSpec | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { log, catalog } = ports;
  while (!signal.aborted) {
    await sleep(intervalMs, signal).catch(() => {});
    const spec = applied();
    if (signal.aborted || spec === undefined || !appliesCatalog(spec)) continue;
    try {
      await catalog.checkDrift(inForce(ports, spec), signal);
    } catch (error) {
      if (!signal.aborted) log.error(`could not check the catalog for drift: ${describeError(error)}`);
    }
  }
}
