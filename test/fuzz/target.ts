import type { Random } from "../simulation/random.ts";

/** A decoder under fuzz. */
export interface FuzzTarget {
  readonly name: string;
  /** Good inputs, to be changed. */
  readonly samples: readonly Buffer[];
  /** The errors by which it may refuse an input; it must not throw others. */
  readonly refusals: readonly (abstract new (
    ...args: never[]
  ) => Error)[];
  /** Its part of all cases, against 1 for most. */
  readonly share: number;
  /** Decodes an input; what it does with `random` is the same again in a replay. */
  run(bytes: Buffer, random: Random): void | Promise<void>;
}

/** A target that takes text. Bytes that are no UTF-8 become replacement characters. */
export function textTarget(
  name: string,
  samples: readonly string[],
  run: (text: string) => unknown,
  refusals: FuzzTarget["refusals"] = [],
): FuzzTarget {
  return {
    name,
    samples: samples.map((sample) => Buffer.from(sample)),
    refusals,
    share: 1,
    run: (bytes) => void run(bytes.toString("utf8")),
  };
}

/** A target that takes bytes as they are. */
export function bytesTarget(
  name: string,
  samples: readonly Buffer[],
  run: (bytes: Buffer, random: Random) => unknown,
  refusals: FuzzTarget["refusals"] = [],
): FuzzTarget {
  return { name, samples, refusals, share: 1, run: (bytes, random) => void run(bytes, random) };
}
