import type { MemberShape, Shape } from "../base/decoder.ts";
import { configShape } from "./decode.ts";
import { fieldDescriptions } from "./field-descriptions.ts";

/** A JSON Schema, or a part of one. */
type JsonSchema = { readonly [keyword: string]: unknown };

/** The objects that have a name, by it: each is described once. */
type Definitions = Map<string, JsonSchema>;

/**
 * The JSON Schema (draft 2020-12) of a config file, made from the very shapes that its decoders read by, with a description
 * for each field. It accepts what they accept, but for what no schema can see: `1.0` where a whole number is due, and
 * members that come twice (SPEC-12, SPEC-14).
 */
function configJsonSchema(): JsonSchema {
  const definitions: Definitions = new Map();
  const root = schemaOf(configShape, definitions);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Config of compute_ctl",
    description: "What `compute_ctl --config FILE` reads. Unknown members are ignored.",
    ...root,
    $defs: Object.fromEntries([...definitions].sort(([one], [other]) => (one < other ? -1 : 1))),
  };
}

/** The text of the schema's file. Bounds beyond 2^53 are written digit by digit. */
export function renderConfigJsonSchema(): string {
  const text = JSON.stringify(
    configJsonSchema(),
    (_key, value: unknown) => (typeof value === "bigint" ? `bigint ${value}` : value),
    2,
  );
  return `${text.replaceAll(/"bigint (-?\d+)"/g, "$1")}\n`;
}

function schemaOf(shape: Shape, definitions: Definitions): JsonSchema {
  switch (shape.kind) {
    case "boolean":
    case "number":
      return { type: shape.kind };
    case "string":
      return stringSchema(shape);
    case "integer":
      return { type: "integer", minimum: shape.min, maximum: shape.max };
    case "list":
      return { type: "array", items: schemaOf(shape.item, definitions) };
    case "map":
      return {
        type: "object",
        propertyNames: schemaOf(shape.key, definitions),
        additionalProperties: schemaOf(shape.value, definitions),
      };
    case "object":
      return objectSchema(shape, definitions);
    case "variants":
      return variantsSchema(shape, definitions);
    case "any-of":
      return { anyOf: shape.options.map((option) => schemaOf(option, definitions)) };
  }
}

function stringSchema({ choices, pattern }: Extract<Shape, { kind: "string" }>): JsonSchema {
  if (choices !== undefined) return { enum: choices };
  return { type: "string", ...(pattern === undefined ? {} : { pattern }) };
}

function objectSchema(shape: Extract<Shape, { kind: "object" }>, definitions: Definitions): JsonSchema {
  const { title } = shape;
  if (title === undefined) return bodyOf(shape, "", definitions);
  if (!definitions.has(title)) {
    definitions.set(title, {}); // keeps its place while its members are described
    definitions.set(title, bodyOf(shape, title, definitions));
  }
  return { $ref: `#/$defs/${title}` };
}

function bodyOf({ members }: Extract<Shape, { kind: "object" }>, title: string, definitions: Definitions): JsonSchema {
  const about = fieldDescriptions.get(title);
  return {
    type: "object",
    ...(about === undefined ? {} : { description: about }),
    properties: Object.fromEntries(members.map((member) => [member.name, memberSchema(member, title, definitions)])),
    required: members.filter(({ presence }) => presence === "required").map(({ name }) => name),
  };
}

/** An optional member may be null, a defaulted one may not (SPEC-11). */
function memberSchema({ name, presence, shape }: MemberShape, title: string, definitions: Definitions): JsonSchema {
  const description = fieldDescriptions.get(`${title}.${name}`);
  const described = description === undefined ? {} : { description };
  const schema = schemaOf(shape, definitions);
  return { ...described, ...(presence === "optional" ? { anyOf: [schema, { type: "null" }] } : schema) };
}

/** The spellings of SPEC-13; the plain names come first, for editors to offer. */
function variantsSchema(
  { variants, open }: Extract<Shape, { kind: "variants" }>,
  definitions: Definitions,
): JsonSchema {
  const names = [...variants].filter(([, payload]) => payload === null).map(([name]) => name);
  const tagged = Object.fromEntries(
    [...variants].map(([name, payload]) => [
      name,
      payload === null ? { type: "null" } : schemaOf(payload, definitions),
    ]),
  );
  return {
    anyOf: [
      open ? { type: "string" } : { enum: names },
      {
        type: "object",
        properties: tagged,
        additionalProperties: open ? { type: "null" } : false,
        minProperties: 1,
        maxProperties: 1,
      },
    ],
  };
}
