import { inspect } from "node:util";
import { Random } from "../simulation/random.ts";
import { makeInput } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

/** How a case went wrong. */
export interface Violation {
  readonly target: string;
  readonly seed: number;
  /** The number of the case within its target. */
  readonly number: number;
  readonly what: string;
  readonly input: Buffer;
}

/** The most that a decoder may ask for at once: it reads no input longer than 64 KiB here. */
const allocationBytesMax = 48 * 1024 * 1024;
const caseMsMax = 1_000;

/** Plays one case; undefined when all is well: it decoded or was refused as its target says, quickly and with little memory. */
export async function playCase(target: FuzzTarget, seed: number, number: number): Promise<Violation | undefined> {
  const random = new Random(mixed(target.name, seed, number));
  const input = makeInput(random, target.samples);
  const startedMs = performance.now();
  const [problem, largest] = await withAllocationsWatched(async () => {
    try {
      const running = target.run(input, random);
      // Most are done at once; a turn of the event loop for each would take longer than they do.
      if (running !== undefined) await running;
      return undefined;
    } catch (error) {
      return target.refusals.some((refusal) => error instanceof refusal) ? undefined : `threw ${inspect(error)}`;
    }
  });
  const tookMs = performance.now() - startedMs;
  const violation = (what: string): Violation => ({ target: target.name, seed, number, what, input });
  if (problem !== undefined) return violation(problem);
  if (largest > allocationBytesMax) return violation(`asked for ${largest} bytes at once`);
  return tookMs > caseMsMax ? violation(`took ${Math.round(tookMs)} ms`) : undefined;
}

/** How many cases each target gets of that many. */
export function casesPerTarget(
  targets: readonly FuzzTarget[],
  count: number,
): readonly (readonly [FuzzTarget, number])[] {
  const shares = targets.reduce((total, { share }) => total + share, 0);
  return targets.map((target) => [target, Math.max(1, Math.ceil((count * target.share) / shares))]);
}

/** The largest buffer that was asked for while `work` ran. */
async function withAllocationsWatched<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  let largest = 0;
  const { alloc, allocUnsafe } = Buffer;
  Buffer.alloc = (size, ...rest) => {
    largest = Math.max(largest, size);
    // What is too much is not given, so that it does no harm before it is told.
    return Reflect.apply(alloc, Buffer, [Math.min(size, allocationBytesMax), ...rest]);
  };
  Buffer.allocUnsafe = (size) => {
    largest = Math.max(largest, size);
    return allocUnsafe(Math.min(size, allocationBytesMax));
  };
  try {
    return [await work(), largest];
  } finally {
    Object.assign(Buffer, { alloc, allocUnsafe });
  }
}

/** Another number for each case (FNV-1a). */
function mixed(name: string, seed: number, number: number): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${seed}/${name}/${number}`)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
