import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { traceDestination } from "./destination.ts";

describe("where traces go (LIFE-84)", () => {
  const general = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };

  it("is nowhere unless an endpoint is set", () => {
    for (const env of [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: " " }, { OTEL_EXPORTER_OTLP_HEADERS: "a=b" }]) {
      assert.deepEqual(traceDestination(env), { kind: "off" });
    }
  });

  it("is nowhere when OTEL_SDK_DISABLED is exactly true", () => {
    assert.deepEqual(traceDestination({ ...general, OTEL_SDK_DISABLED: "true" }), { kind: "off" });
    for (const other of ["TRUE", "1", "", "true "]) {
      assert.equal(traceDestination({ ...general, OTEL_SDK_DISABLED: other }).kind, "collector");
    }
  });

  const rows = [
    ["http://collector:4318", "http://collector:4318/v1/traces"],
    ["http://collector:4318/", "http://collector:4318/v1/traces"],
    ["https://c/otlp/?tenant=1", "https://c/otlp/v1/traces?tenant=1"],
  ] as const;
  for (const [endpoint, url] of rows) {
    it(`is ${url} for ${endpoint}`, () =>
      assert.deepEqual(traceDestination({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }), { kind: "collector", url }));
  }

  it("is the endpoint for traces as it is, if that is set", () => {
    const env = { ...general, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://traces:9/x" };
    assert.deepEqual(traceDestination(env), { kind: "collector", url: "http://traces:9/x" });
  });

  it("is refused without repeating it when it is no URL of a collector", () => {
    for (const endpoint of ["collector:4318", "user:s3cret@host", "unix:///x", "http://"]) {
      const destination = traceDestination({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
      assert.deepEqual(destination, {
        kind: "unusable",
        problem: "OTEL_EXPORTER_OTLP_ENDPOINT is not an http:// or https:// URL",
      });
    }
  });
});
