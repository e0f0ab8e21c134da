import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { boolean, float, i64, nonzeroU64, oneOf, secret, string, u8, u64 } from "./decode-scalars.ts";
import { defaulted, list, map, object, optional, optionalOr, required } from "./decode-structures.ts";
import { variants } from "./decode-variants.ts";
import { type Decoder, hinted, readDocument } from "./decoder.ts";
import { parseJson } from "./json.ts";

function read<T>(decoder: Decoder<T>, text: string): T {
  const result = readDocument(decoder, parseJson(text));
  assert.ok(result.ok, result.ok ? "" : JSON.stringify(result.problems));
  return result.value;
}

/** The problems of a document that must be refused, each as `kind path: message`. */
function problems(decoder: Decoder<unknown>, text: string): readonly string[] {
  const result = readDocument(decoder, parseJson(text));
  assert.ok(!result.ok, `accepted ${text}`);
  return result.problems.map(({ kind, path, message }) => `${kind} ${path}: ${message}`);
}

describe("scalars", () => {
  it("do not convert: a number is no string, a string no number (SPEC-12)", () => {
    assert.deepEqual(problems(string, "100"), ["schema : invalid type: integer `100`, expected a string"]);
    assert.deepEqual(problems(u64, '"1"'), ["schema : invalid type: string, expected u64"]);
    assert.deepEqual(problems(boolean, "0"), ["schema : invalid type: integer `0`, expected a boolean"]);
    assert.deepEqual(problems(float, "true"), ["schema : invalid type: boolean `true`, expected a number"]);
    assert.equal(read(boolean, "false"), false);
  });

  it("take whole numbers only in whole-number notation, and keep all digits of 64 bits (SPEC-12)", () => {
    assert.equal(read(u64, "18446744073709551615"), 18446744073709551615n);
    assert.equal(read(i64, "-9223372036854775808"), -9223372036854775808n);
    assert.equal(read(float, "1"), 1);
    for (const text of ["1.0", "1e2"])
      assert.deepEqual(problems(u64, text), [`schema : invalid type: floating point \`${text}\`, expected u64`]);
  });

  it("hold their ranges", () => {
    assert.equal(read(u8, "255"), 255);
    assert.deepEqual(problems(u8, "256"), ["schema : invalid value: integer `256`, expected u8"]);
    assert.deepEqual(problems(u8, "-1"), ["schema : invalid value: integer `-1`, expected u8"]);
    assert.equal(problems(u64, "18446744073709551616").length, 1);
    assert.deepEqual(problems(nonzeroU64, "0"), ["schema : invalid value: integer `0`, expected a nonzero u64"]);
  });

  it("show no secret, not even one written as a number", () => {
    assert.equal(read(secret, '"pw"'), "pw");
    assert.deepEqual(problems(secret, "424242"), ["schema : invalid type, expected a string"]);
  });

  it("know closed sets of texts", () => {
    assert.equal(read(oneOf("a", "b"), '"b"'), "b");
    assert.deepEqual(problems(oneOf("a", "b"), '"B"'), ["schema : unknown variant `B`, expected `a` or `b`"]);
  });
});

describe("object", () => {
  const decoder = object({
    id: required("the_id", u8),
    note: optional("note", string),
    tags: optionalOr("tags", list(string), []),
    size: defaulted("size", u8, 7),
  });

  it("renames its members, fills in what is missing and ignores what it does not know (SPEC-10, SPEC-11)", () => {
    assert.deepEqual(read(decoder, '{"the_id": 1}'), { id: 1, note: null, tags: [], size: 7 });
    assert.deepEqual(read(decoder, '{"x": {"the_id": []}, "tags": null, "the_id": 1, "note": null, "x": 1}'), {
      id: 1,
      note: null,
      tags: [],
      size: 7,
    });
  });

  it("refuses null for a member with a default (SPEC-11)", () => {
    assert.deepEqual(problems(decoder, '{"the_id": 1, "size": null}'), [
      "schema size: invalid type: null, expected u8",
    ]);
  });

  it("names every problem in the order of the document, missing members last", () => {
    assert.deepEqual(
      problems(
        object({ a: required("a", list(decoder)), b: required("b", string) }),
        '{"a": [{"tags": [1, "x", 2]}, 5]}',
      ),
      [
        "schema a[0].tags[0]: invalid type: integer `1`, expected a string",
        "schema a[0].tags[2]: invalid type: integer `2`, expected a string",
        "schema a[0]: missing field `the_id`",
        "schema a[1]: invalid type: integer `5`, expected an object",
        "schema : missing field `b`",
      ],
    );
  });

  it("refuses a repeated member that it knows, even when both are null (SPEC-14)", () => {
    assert.deepEqual(problems(decoder, '{"the_id": 1, "note": null, "note": null}'), [
      "schema : duplicate field `note`",
    ]);
  });

  it("takes neither a list nor a text for an object, and does not show the text", () => {
    assert.deepEqual(problems(decoder, "[1]"), ["schema : invalid type: sequence, expected an object"]);
    assert.deepEqual(problems(decoder, '"postgres://u:secret@h"'), [
      "schema : invalid type: string, expected an object",
    ]);
  });

  it("says what it accepts as data", () => {
    assert.deepEqual(
      decoder.shape.kind === "object" &&
        decoder.shape.members.map(({ name, presence, shape }) => [name, presence, shape.kind]),
      [
        ["the_id", "required", "integer"],
        ["note", "optional", "string"],
        ["tags", "optional", "list"],
        ["size", "defaulted", "integer"],
      ],
    );
  });
});

describe("map", () => {
  it("keeps the last value of a repeated key at the place of the first (SPEC-14)", () => {
    const result = read(map(string, u8), '{"b": 1, "a": 2, "b": 3, "__proto__": 4}');
    assert.deepEqual(
      [...result],
      [
        ["b", 3],
        ["a", 2],
        ["__proto__", 4],
      ],
    );
  });

  it("names the entry that is wrong", () => {
    assert.deepEqual(problems(map(string, string), '{"k": 64}'), [
      "schema k: invalid type: integer `64`, expected a string",
    ]);
    assert.deepEqual(problems(map(oneOf("a"), u8), '{"b": 1}'), ["schema b: unknown variant `b`, expected one of `a`"]);
  });
});

describe("variants", () => {
  const closed = variants<string | number>({ Off: { unit: "off" }, Level: { payload: u8 } });
  const open = variants<string>({}, (name) => name);

  it("reads both spellings of a unit, and the tagged form (SPEC-13)", () => {
    assert.equal(read(closed, '"Off"'), "off");
    assert.equal(read(closed, '{"Off": null}'), "off");
    assert.equal(read(closed, '{"Level": 3}'), 3);
    assert.deepEqual(read(list(open), '["new", {"newer": null}]'), ["new", "newer"]);
  });

  it("refuses unknown names, units with a value and payloads without one as schema errors", () => {
    assert.deepEqual(problems(closed, '"off"'), ["schema : unknown variant `off`, expected `Off` or `Level`"]);
    assert.deepEqual(problems(closed, '{"Off": 1}'), ["schema Off: invalid type: integer `1`, expected null"]);
    assert.deepEqual(problems(closed, '{"Level": "3"}'), ["schema Level: invalid type: string, expected u8"]);
    assert.match(problems(closed, '"Level"')[0] ?? "", /^schema : invalid type: unit variant/);
  });

  it("refuses any other type, and objects with more or less than one member, as syntax errors (SPEC-17)", () => {
    for (const text of ["null", "3", "true", "[]", "{}", '{"Level": 1, "Off": null}'])
      assert.match(problems(closed, text)[0] ?? "", /^syntax : expected value/, text);
    assert.match(problems(open, "1")[0] ?? "", /^syntax/);
  });
});

describe("hinted", () => {
  const decoder = hinted(list(u8), () => "write it so");
  const hints = (text: string): readonly (string | undefined)[] => {
    const result = readDocument(decoder, parseJson(text));
    return result.ok ? [] : result.problems.map(({ hint }) => hint);
  };

  it("adds the hint to a problem of the value itself, not to those of its parts", () => {
    assert.deepEqual(hints("5"), ["write it so"]);
    assert.deepEqual(hints("[-1]"), [undefined]);
    assert.deepEqual(hints("[1]"), []);
  });
});
