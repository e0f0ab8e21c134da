import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  decodeMessage,
  downscaleResult,
  greetingError,
  healthReply,
  internalError,
  invalidMessage,
  upscaleConfirmation,
  upscaleRequest,
  versionReply,
} from "./messages.ts";
import { mib } from "./sizes.ts";

/** The id under which a text that is not understood is answered. */
function refusedId(text: string): bigint | null {
  const decoded = decodeMessage(text);
  assert.ok(!decoded.ok, text);
  assert.notEqual(decoded.problem, "");
  return decoded.id;
}

function understood(text: string) {
  const decoded = decodeMessage(text);
  assert.ok(decoded.ok, text);
  return decoded.message;
}

describe("decodeMessage (VM-9, VM-10)", () => {
  it("VM-9: reads every message of an agent", () => {
    assert.deepEqual(understood('{"content":{},"type":"HealthCheck","id":2}'), { type: "HealthCheck", id: 2n });
    assert.deepEqual(
      understood('{"content":{"granted":{"cpu":2,"mem":8589934592}},"type":"UpscaleNotification","id":4}'),
      { type: "UpscaleNotification", id: 4n, memBytes: 8192 * mib },
    );
    assert.deepEqual(
      understood('{"content":{"target":{"cpu":0.25,"mem":4294967296}},"type":"DownscaleRequest","id":6}'),
      {
        type: "DownscaleRequest",
        id: 6n,
        memBytes: 4096 * mib,
      },
    );
    for (const type of ["InvalidMessage", "InternalError"]) {
      assert.deepEqual(understood(`{"content":{"error":"x"},"type":"${type}","id":20}`), { type, error: "x" });
    }
  });

  it("VM-10: takes keys in any order, ignores unknown ones, and asks for no content where none is needed", () => {
    assert.deepEqual(understood('{"id":2,"type":"HealthCheck"}'), { type: "HealthCheck", id: 2n });
    const odd = '{"id":8,"more":1,"type":"DownscaleRequest","content":{"x":{},"target":{"mem":1,"disk":3}}}';
    assert.deepEqual(understood(odd), { type: "DownscaleRequest", id: 8n, memBytes: 1 });
    assert.match(String(Reflect.get(understood('{"type":"InvalidMessage","id":9}'), "error")), /no readable text/);
  });

  it("VM-10: keeps all digits of an id", () => {
    const [message] = [understood('{"type":"HealthCheck","id":18446744073709551615}')];
    assert.ok(message.type === "HealthCheck");
    assert.equal(healthReply(message.id), '{"type":"HealthCheck","id":18446744073709551615}');
  });

  it("VM-12: finds the id of what it does not understand, where there is one", () => {
    assert.equal(refusedId('{"content":{},"type":"Dance","id":22}'), 22n);
    assert.equal(refusedId('{"content":{"target":{"cpu":1,"mem":-1}},"type":"DownscaleRequest","id":6}'), 6n);
    assert.equal(refusedId('{"content":{"target":{"cpu":1,"mem":1.5}},"type":"DownscaleRequest","id":6}'), 6n);
    assert.equal(
      refusedId('{"content":{"target":{"cpu":1,"mem":36893488147419103232}},"type":"DownscaleRequest","id":6}'),
      6n,
    );
    assert.equal(refusedId('{"content":{"granted":{"cpu":"2","mem":1}},"type":"UpscaleNotification","id":6}'), 6n);
    assert.equal(refusedId('{"content":{"granted":{"mem":1}},"type":"DownscaleRequest","id":6}'), 6n);
    assert.equal(refusedId('{"type":7,"id":6}'), 6n);
    for (const text of [
      "not JSON",
      "{}",
      '{"type":"HealthCheck"}',
      '{"type":"HealthCheck","id":-2}',
      '{"type":"HealthCheck","id":1.5}',
    ]) {
      assert.equal(refusedId(text), null, text);
    }
  });
});

describe("what is sent (VM-8, VM-9)", () => {
  it("VM-9: has its fields on the top level, the id last", () => {
    assert.equal(versionReply(1), '{"version":1}');
    assert.equal(greetingError("no"), '{"error":"no"}');
    assert.equal(healthReply(2n), '{"type":"HealthCheck","id":2}');
    assert.equal(upscaleConfirmation(4n), '{"type":"UpscaleConfirmation","id":4}');
    assert.equal(downscaleResult(6n, false, "no"), '{"type":"DownscaleResult","Ok":false,"Status":"no","id":6}');
    assert.equal(upscaleRequest(3), '{"type":"UpscaleRequest","id":3}');
    assert.equal(internalError(14n, "no"), '{"type":"InternalError","error":"no","id":14}');
    assert.equal(invalidMessage(22n, "no"), '{"type":"InvalidMessage","error":"no","id":22}');
  });

  it("VM-28: stays below the 32 KiB that an agent reads, whatever the text", () => {
    for (const text of ["\u0001".repeat(100_000), "🐘".repeat(50_000), `a${"🐘".repeat(50_000)}`]) {
      const message = internalError(2n ** 64n - 1n, text);
      assert.ok(Buffer.byteLength(message) < 32_768);
      assert.equal(JSON.parse(message).type, "InternalError");
    }
  });
});
