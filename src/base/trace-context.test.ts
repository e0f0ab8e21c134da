import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatTraceparent, parseTraceparent, parseTracestate, traceContext } from "./trace-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
const parent = `00-${traceId}-${spanId}-01`;

describe("a traceparent", () => {
  it("has a trace, a span and whether they are sampled", () => {
    assert.deepEqual(parseTraceparent(parent), { traceId, spanId, sampled: true });
    assert.deepEqual(parseTraceparent(`00-${traceId}-${spanId}-fe`), { traceId, spanId, sampled: false });
  });

  it("of a later version may go on", () => {
    assert.deepEqual(parseTraceparent(`cc-${traceId}-${spanId}-03-what`), { traceId, spanId, sampled: true });
  });

  const malformed = [
    "",
    `${parent} `,
    ` ${parent}`,
    `${parent}\n`,
    `${parent}-`,
    `${parent}-what`,
    `${parent}0`,
    `ff-${traceId}-${spanId}-01`,
    `cc-${traceId}-${spanId}-01.what`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}`,
    `00-${spanId}-${traceId}-01`,
  ];
  for (const text of malformed) {
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(parseTraceparent(text), undefined));
  }

  it("that is written can be read", () => {
    const hex = (length: number) =>
      fc
        .string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length })
        .filter((text) => /[^0]/.test(text));
    fc.assert(
      fc.property(
        fc.record({ traceId: hex(32), spanId: hex(16), sampled: fc.boolean() }, { noNullPrototype: true }),
        (context) => assert.deepEqual(parseTraceparent(formatTraceparent(context)), context),
      ),
    );
  });
});

describe("a tracestate", () => {
  it("is kept without blanks around its members and without empty ones", () => {
    assert.equal(parseTracestate("a=1, \tb@v=2 3 ,,"), "a=1,b@v=2 3");
    assert.equal(parseTracestate("a=#/x~"), "a=#/x~");
  });

  const malformed = ["", " , ", "a", "=1", "a=", "A=1", "a=1,a=2", "a=b=c", "a =1", "a=\u00e4", `a=${"x".repeat(257)}`];
  const tooMany = Array.from({ length: 33 }, (_, index) => `k${index}=v`).join(",");
  const tooLong = `a=${"x".repeat(250)},b=${"x".repeat(250)},c=${"x".repeat(10)}`;
  for (const text of [...malformed, tooMany, tooLong]) {
    it(`is not ${JSON.stringify(text.slice(0, 40))}`, () => assert.equal(parseTracestate(text), undefined));
  }
});

describe("a trace context that is passed on (LIFE-85)", () => {
  it("is that of TRACEPARENT with TRACESTATE", () => {
    assert.deepEqual(traceContext(parent, "a=1"), {
      traceparent: parent,
      tracestate: "a=1",
    });
  });

  it("does without a malformed TRACESTATE, not without TRACEPARENT", () => {
    assert.deepEqual(traceContext(parent, "?"), { traceparent: parent });
    assert.equal(traceContext("?", "a=1"), undefined);
    assert.equal(traceContext("", ""), undefined);
  });
});
