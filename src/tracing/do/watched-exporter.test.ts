import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import type { Log } from "../../base/log.ts";
import { watchExporter } from "./watched-exporter.ts";

type Result = Parameters<Parameters<SpanExporter["export"]>[1]>[0];

const ok: Result = { code: 0 };
const failure = (message: string, more: object = {}): Result => ({
  code: 1,
  error: Object.assign(new Error(message), more),
});

/** What is logged when exports end like this. */
function logged(...results: readonly Result[]): { readonly causes: readonly unknown[]; readonly handedOn: number } {
  const causes: unknown[] = [];
  const log: Log = {
    debug: assert.fail,
    info: () => causes.push("again"),
    warn: (_message, fields) => causes.push(fields?.["cause"]),
    error: assert.fail,
    span: () => log,
  };
  const left = [...results];
  const inner: SpanExporter = { export: (_spans, onResult) => onResult(left.shift() ?? ok), shutdown: async () => {} };
  const { exporter } = watchExporter(inner, "collector:4318", log);
  let handedOn = 0;
  for (const _ of results) exporter.export([], () => (handedOn += 1));
  return { causes, handedOn };
}

describe("failures of exports", () => {
  it("are logged once per cause, not per batch", () => {
    const { causes, handedOn } = logged(
      ok,
      failure("a"),
      failure("a"),
      failure("b"),
      failure("b"),
      ok,
      ok,
      failure("b"),
    );
    assert.deepEqual(causes, ["a", "b", "again", "b"]);
    assert.equal(handedOn, 8);
  });

  it("name the HTTP status and nothing that the answer holds", () => {
    assert.deepEqual(logged(failure("Unauthorized", { code: 401, data: "x-api-key: s3cret" })).causes, [
      "HTTP 401 Unauthorized",
    ]);
    assert.deepEqual(logged(failure("", { code: 500 })).causes, ["HTTP 500"]);
  });

  it("are named even if the exporter does not say why, and briefly", () => {
    assert.deepEqual(logged({ code: 1 }).causes, ["unknown"]);
    assert.equal(String(logged(failure("x".repeat(1_000))).causes[0]).length, 200);
  });
});
