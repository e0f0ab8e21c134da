import { unknownVariant } from "./decode-scalars.ts";
import { asObject } from "./decode-structures.ts";
import { type Decoder, type Findings, type Shape, wrongType } from "./decoder.ts";
import type { JsonMember, JsonValue } from "./json.ts";

/** One variant of an enum: a bare name that stands for `unit`, or a name with a value that `payload` reads. */
export type Variant<T> = { readonly unit: T } | { readonly payload: Decoder<T> };

/**
 * An enum by its spellings (SPEC-13): `"Name"` or `{"Name": null}` for a unit, `{"Name": value}` for one with a payload.
 * A value of another type counts as a syntax error (SPEC-17).
 * @param other what an unknown name stands for; without it, an unknown name is refused
 */
export function variants<T>(cases: Readonly<Record<string, Variant<T>>>, other?: (name: string) => T): Decoder<T> {
  const byName = new Map(Object.entries(cases));
  const shape: Shape = {
    kind: "variants",
    expected: "a string or an object with one member",
    variants: new Map([...byName].map(([name, variant]) => [name, "unit" in variant ? null : variant.payload.shape])),
    open: other !== undefined,
  };
  const variantOf = (name: string, findings: Findings): Variant<T> | undefined =>
    byName.get(name) ??
    (other === undefined ? findings.refuse("schema", unknownVariant(name, [...byName.keys()])) : { unit: other(name) });

  const readTagged = ({ name, value }: JsonMember, findings: Findings): T | undefined => {
    const variant = variantOf(name, findings);
    if (variant === undefined) return undefined;
    return findings.readAt(name, "unit" in variant ? unit(variant.unit) : variant.payload, value);
  };
  const readBare = (name: string, findings: Findings): T | undefined => {
    const variant = variantOf(name, findings);
    if (variant === undefined) return undefined;
    if ("unit" in variant) return variant.unit;
    return findings.refuse("schema", `invalid type: unit variant, expected \`{"${name}": …}\``);
  };
  return {
    shape,
    read(value: JsonValue, findings: Findings): T | undefined {
      if (typeof value === "string") return readBare(value, findings);
      const [tagged, ...rest] = asObject(value)?.members ?? [];
      if (tagged !== undefined && rest.length === 0) return readTagged(tagged, findings);
      return findings.refuse("syntax", `expected value: ${wrongType(value, shape)}`);
    },
  };
}

/** Nothing but null, standing for `value`. */
function unit<T>(value: T): Decoder<T> {
  const shape: Shape = { kind: "any-of", expected: "null", options: [] };
  return {
    shape,
    read: (json, findings) => (json === null ? value : findings.refuse("schema", wrongType(json, shape))),
  };
}
