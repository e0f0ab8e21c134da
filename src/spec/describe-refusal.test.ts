import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeRefusal, refusalForHttp } from "./describe-refusal.ts";
import type { Refusal } from "./types.ts";

const schema: Refusal = {
  kind: "schema",
  problems: [
    { path: "spec.Mode", message: "unknown variant `X`", hint: 'write "Primary"' },
    { path: "", message: "missing field `compute_ctl_config`" },
  ],
};

describe("describeRefusal", () => {
  it("gives each problem a line with its path, and each hint one below", () => {
    assert.equal(
      describeRefusal(schema, "config.json"),
      [
        "config.json does not have the form of a config:",
        "  spec.Mode: unknown variant `X`",
        '    hint: write "Primary"',
        "  missing field `compute_ctl_config`",
      ].join("\n"),
    );
  });

  it("counts what it does not show", () => {
    const problems = Array.from({ length: 5000 }, (_, index) => ({ path: `roles[${index}]`, message: "bad" }));
    const lines = describeRefusal({ kind: "derive", problems }, "config.json").split("\n");
    assert.equal(lines.length, 22);
    assert.equal(lines.at(-1), "  and 4980 more");
  });
});

describe("refusalForHttp (SPEC-17, HTTP-20)", () => {
  it("answers 422 to the wrong shape, all in lower case, first problem first, and hints as they are spelled (FIELD-5)", () => {
    assert.deepEqual(refusalForHttp(schema), {
      status: 422,
      error:
        "failed to deserialize the json body into the target type: " +
        'spec.mode: unknown variant `x`; missing field `compute_ctl_config` (hint: write "Primary")',
    });
  });

  it("answers 400 to what is no JSON", () => {
    const refusal: Refusal = { kind: "syntax", problems: [{ path: "", message: "EOF while parsing a value" }] };
    const error = "failed to parse the request body as json: eof while parsing a value";
    assert.deepEqual(refusalForHttp(refusal), { status: 400, error });
  });

  it("answers 400 to what cannot be derived, with the first problem's text and its hint", () => {
    const message = "duplicate entry in safekeeper_connstrings: A:1!";
    const problems = [
      { path: "spec.safekeeper_connstrings", message, hint: "h" },
      { path: "", message: "second" },
    ];
    assert.deepEqual(refusalForHttp({ kind: "derive", problems }), { status: 400, error: `${message} (hint: h)` });
  });
});
