import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CommandFailure, closesAfter, errorReply, type FailureKind } from "./command-failure.ts";

describe("error replies (BASE-35)", () => {
  const rows: readonly [FailureKind, string, string, string][] = [
    ["not-found", "XX000", "not found", "Not found: outer"],
    ["unauthorized", "XX000", "JWT authentication error", "Unauthorized: outer"],
    ["other", "XX000", "outer: inner", "outer"],
    ["shutting-down", "57P01", "shutdown", "Shutting down"],
    ["reconnect", "08006", "reconnect", "reconnect"],
  ];
  for (const [kind, code, simple, extended] of rows) {
    it(`tells ${kind} by the protocol that asked`, () => {
      const failure = new CommandFailure(kind, "outer", { cause: new Error("inner") });
      const reply = { kind: "errorResponse", severity: "ERROR", code };
      assert.deepEqual(errorReply(failure, "simple"), { ...reply, message: simple });
      assert.deepEqual(errorReply(failure, "extended"), { ...reply, message: extended });
    });
  }

  it("closes only after a simple query, and only when the server goes away", () => {
    const closing = rows.map(([kind]) => kind).filter((kind) => closesAfter(new CommandFailure(kind, ""), "simple"));
    assert.deepEqual(closing, ["shutting-down", "reconnect"]);
    assert.equal(closesAfter(new CommandFailure("shutting-down", ""), "extended"), false);
  });
});
