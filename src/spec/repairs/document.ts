import { asObject } from "../../base/decode-structures.ts";
import type { JsonObject, JsonValue } from "../../base/json.ts";

/*
 * Changing a JSON document at some places, and nowhere else.
 */

/** What becomes of a value, and what a person is told: where below the value, what was found, and what is right. */
export interface Mended {
  readonly value: JsonValue;
  /** The path from the value to what was mended, such as `.vartype`; empty for the value itself. */
  readonly below: string;
  /** What was found, and what it is taken for; never a secret. */
  readonly found: string;
  /** The right form. */
  readonly right: string;
}

/** Gives what becomes of a value; undefined when it is to stay as it is. */
export type Mend = (value: JsonValue) => Mended | undefined;

/** One mended value. */
export interface Correction {
  readonly path: string;
  readonly found: string;
  readonly right: string;
}

/**
 * Mends each value at a place: member names with dots between them, `[]` for each element of a list, `*` for each member.
 * What is not touched stays the very same object.
 */
export function mendAt(
  document: JsonValue,
  place: string,
  mend: Mend,
): { readonly document: JsonValue; readonly corrections: readonly Correction[] } {
  const corrections: Correction[] = [];
  const visit = (value: JsonValue, steps: readonly string[], path: string): JsonValue => {
    const [step, ...rest] = steps;
    if (step === undefined) {
      const mended = mend(value);
      if (mended === undefined) return value;
      corrections.push({ path: `${path}${mended.below}`, found: mended.found, right: mended.right });
      return mended.value;
    }
    if (step === "[]") return visitItems(value, (item, index) => visit(item, rest, `${path}[${index}]`));
    return visitMembers(value, (name, member) =>
      step === "*" || step === name ? visit(member, rest, path === "" ? name : `${path}.${name}`) : member,
    );
  };
  const steps = place === "" ? [] : place.replaceAll("[]", ".[]").split(".");
  return { document: visit(document, steps, ""), corrections };
}

/** The value of a member; undefined when there is none, or the value is no object. */
export function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return value === undefined ? undefined : asObject(value)?.members.find((member) => member.name === name)?.value;
}

/** The object with another value for a member, or with one member more. */
export function withMember(object: JsonObject, name: string, value: JsonValue): JsonObject {
  const isThere = object.members.some((member) => member.name === name);
  const members = isThere
    ? object.members.map((member) => (member.name === name ? { name, value } : member))
    : [...object.members, { name, value }];
  return { kind: "object", members };
}

/** The elements of a list; none when the value is no list. */
export function itemsOf(value: JsonValue | undefined): readonly JsonValue[] {
  return typeof value === "object" && value?.kind === "array" ? value.items : [];
}

function visitItems(value: JsonValue, visit: (item: JsonValue, index: number) => JsonValue): JsonValue {
  const before = itemsOf(value);
  const items = before.map(visit);
  return items.every((item, index) => item === before[index]) ? value : { kind: "array", items };
}

function visitMembers(value: JsonValue, visit: (name: string, member: JsonValue) => JsonValue): JsonValue {
  const before = asObject(value)?.members ?? [];
  const members = before.map((member) => {
    const after = visit(member.name, member.value);
    return after === member.value ? member : { name: member.name, value: after };
  });
  return members.every((member, index) => member === before[index]) ? value : { kind: "object", members };
}
