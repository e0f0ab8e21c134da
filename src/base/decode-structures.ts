import { type Decoder, type Findings, type MemberShape, type Shape, wrongType } from "./decoder.ts";
import type { JsonMember, JsonObject, JsonValue } from "./json.ts";

/** A list, every element of which `item` reads. */
export function list<T>(item: Decoder<T>): Decoder<readonly T[]> {
  const shape: Shape = { kind: "list", expected: "a sequence", item: item.shape };
  return {
    shape,
    read(value, findings) {
      if (typeof value !== "object" || value?.kind !== "array")
        return findings.refuse("schema", wrongType(value, shape));
      const result: T[] = [];
      value.items.forEach((element, index) => {
        const decoded = findings.readAt(index, item, element);
        if (decoded !== undefined) result.push(decoded);
      });
      return result.length === value.items.length ? result : undefined;
    },
  };
}

/** A map with free keys. Of a repeated key the last value stays, at the first one's place (SPEC-14). */
export function map<T>(key: Decoder<string>, item: Decoder<T>): Decoder<ReadonlyMap<string, T>> {
  const shape: Shape = { kind: "map", expected: "a map", key: key.shape, value: item.shape };
  return {
    shape,
    read(value, findings) {
      const object = asObject(value);
      if (object === undefined) return findings.refuse("schema", wrongType(value, shape));
      const result = new Map<string, T>();
      let complete = true;
      for (const member of object.members) {
        const name = findings.readAt(member.name, key, member.name);
        const decoded = findings.readAt(member.name, item, member.value);
        if (name === undefined || decoded === undefined) complete = false;
        else result.set(name, decoded);
      }
      return complete ? result : undefined;
    },
  };
}

/** A member of an object: its name in JSON, whether it must be there, and what it stands for when it is not. */
export interface Member<T> {
  readonly name: string;
  readonly presence: MemberShape["presence"];
  readonly decoder: Decoder<T>;
  /** Undefined only when the member is required. */
  readonly fallback: T | undefined;
}

/** A member that must be there. */
export function required<T>(name: string, decoder: Decoder<T>): Member<T> {
  return { name, presence: "required", decoder, fallback: undefined };
}

/** A member that may be missing or null, and is null then. */
export function optional<T>(name: string, decoder: Decoder<T>): Member<T | null> {
  return { name, presence: "optional", decoder: nullOr<T | null>(decoder, null), fallback: null };
}

/** A member that may be missing or null, and is `fallback` then. */
export function optionalOr<T>(name: string, decoder: Decoder<T>, fallback: T): Member<T> {
  return { name, presence: "optional", decoder: nullOr(decoder, fallback), fallback };
}

/** A member that may be missing, but not null, and is `fallback` then (SPEC-11). */
export function defaulted<T>(name: string, decoder: Decoder<T>, fallback: T): Member<T> {
  return { name, presence: "defaulted", decoder, fallback };
}

type Members = Readonly<Record<string, Member<unknown>>>;
type Decoded<M extends Members> = { readonly [K in keyof M]: M[K] extends Member<infer T> ? T : never };

/** An object with known members, keyed by the names they get in the result. Unknown members are ignored (SPEC-10). */
export function object<M extends Members>(members: M): Decoder<Decoded<M>> {
  const entries = Object.entries(members).map(([key, member], slot) => ({ key, member, slot }));
  const byName = new Map(entries.map((entry) => [entry.member.name, entry]));
  const shape: Shape = {
    kind: "object",
    expected: "an object",
    members: entries.map(({ member }) => ({
      name: member.name,
      presence: member.presence,
      shape: member.decoder.shape,
    })),
  };
  const readPresent = (present: readonly JsonMember[], findings: Findings): readonly unknown[] => {
    const values: unknown[] = entries.map(() => missing);
    for (const { name, value } of present) {
      const known = byName.get(name);
      if (known === undefined) continue;
      if (values[known.slot] !== missing) findings.refuse("schema", `duplicate field \`${name}\``);
      else values[known.slot] = findings.readAt(name, known.member.decoder, value);
    }
    return values;
  };
  return {
    shape,
    read(value, findings) {
      const found = asObject(value);
      if (found === undefined) return findings.refuse("schema", wrongType(value, shape));
      const problemsBefore = findings.problems.length;
      const values = readPresent(found.members, findings);
      const result: Record<string, unknown> = {};
      for (const { key, member, slot } of entries) {
        const isMissing = values[slot] === missing;
        if (isMissing && member.presence === "required") findings.refuse("schema", `missing field \`${member.name}\``);
        result[key] = isMissing ? member.fallback : values[slot];
      }
      // Every key of M now holds what its own member read, or a problem says why not: the compiler cannot follow the loop.
      return findings.problems.length === problemsBefore ? (result as Decoded<M>) : undefined;
    },
  };
}

/** The same, with a name for what it stands for, by which descriptions of the shape call it. */
export function titled<M extends Members>(title: string, members: M): Decoder<Decoded<M>> {
  const decoder = object(members);
  return { ...decoder, shape: { ...decoder.shape, title } as Shape };
}

/** Stands for a member that is not there. */
const missing = Symbol("missing");

/** The value as an object, if it is one. */
export function asObject(value: JsonValue): JsonObject | undefined {
  return typeof value === "object" && value?.kind === "object" ? value : undefined;
}

function nullOr<T>(decoder: Decoder<T>, fallback: T): Decoder<T> {
  return {
    shape: decoder.shape,
    read: (value, findings) => (value === null ? fallback : decoder.read(value, findings)),
  };
}
