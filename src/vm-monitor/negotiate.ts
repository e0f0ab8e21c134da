import { u8 } from "../base/decode-scalars.ts";
import { object, required } from "../base/decode-structures.ts";
import { readJson } from "./read-json.ts";

/** The only version of the protocol that is spoken here, as its lowest and highest (VM-8). */
const own = { min: 1, max: 1 } as const;

const range = object({ min: required("min", u8), max: required("max", u8) });

/** What becomes of the agent's first message. */
export type Greeting =
  | { readonly kind: "agreed"; readonly version: number }
  /** A good range, but not ours: it is told so. */
  | { readonly kind: "refused"; readonly why: string }
  /** Nothing that an answer could be given to. */
  | { readonly kind: "unusable"; readonly why: string };

/**
 * Reads the agent's range of versions and picks one: the lower of the two maxima, if the ranges overlap (VM-8). However
 * absurd the range is, it is only numbers (trap 9 of chapter 07).
 */
export function negotiate(text: string): Greeting {
  const read = readJson(range, text);
  if (!read.ok) return { kind: "unusable", why: read.problem };
  const { min, max } = read.value;
  if (min > max) return { kind: "unusable", why: `the lowest version ${min} is above the highest ${max}` };
  const version = Math.min(max, own.max);
  if (version >= Math.max(min, own.min)) return { kind: "agreed", version };
  const theirs = `${min} to ${max}`;
  return {
    kind: "refused",
    why: `no common version: the agent speaks ${theirs}, this monitor ${own.min} to ${own.max}`,
  };
}
