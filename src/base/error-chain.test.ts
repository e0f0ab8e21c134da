import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeError, describeErrorForStatus, errorChain, errorCode } from "./error-chain.ts";

const inner = new Error("connection refused");
const middle = new Error("could not reach sk-1", { cause: inner });
const outer = new Error("no quorum", { cause: middle });

describe("error chains", () => {
  it("run from the outermost message to the innermost", () => {
    assert.equal(describeError(outer), "no quorum: could not reach sk-1: connection refused");
    assert.deepEqual(errorChain("just text"), ["just text"]);
  });

  it("count a wrapper that adds nothing once, and end where a cause points back", () => {
    assert.deepEqual(errorChain(new Error("x", { cause: new Error("x") })), ["x"]);
    const loop = new Error("loop");
    loop.cause = loop;
    assert.deepEqual(errorChain(loop), ["loop"]);
  });

  it("show what a nameless group of errors holds", () => {
    assert.equal(
      describeError(new AggregateError([new Error("::1 refused"), new Error("127.0.0.1 refused")])),
      "::1 refused; 127.0.0.1 refused",
    );
    assert.equal(describeError(new AggregateError([new Error("a")], "all failed")), "all failed");
  });

  it("are written for /status with a numbered list of several causes, and one cause without number (HTTP-32)", () => {
    assert.equal(
      describeErrorForStatus(outer),
      "no quorum\n\nCaused by:\n    0: could not reach sk-1\n    1: connection refused",
    );
    assert.equal(describeErrorForStatus(middle), "could not reach sk-1\n\nCaused by:\n    connection refused");
    assert.equal(describeErrorForStatus(inner), "connection refused");
  });
});

describe("errorCode", () => {
  it("is the code of a system error, and nothing else's", () => {
    assert.equal(errorCode(Object.assign(new Error("x"), { code: "ENOENT" })), "ENOENT");
    for (const error of [inner, undefined, null, "ENOENT", { code: 5 }]) assert.equal(errorCode(error), undefined);
  });
});
