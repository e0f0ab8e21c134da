import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  checksumOf,
  gatewayPausesMs,
  isConnectFailure,
  isPassingStatus,
  problemOfStatus,
  statusText,
} from "./gateway-answer.ts";

describe("what the gateway answers (EXT-33, EXT-34)", () => {
  it("EXT-34: is shown with the reason phrase", () => {
    assert.equal(statusText(200, "OK"), "200 OK");
    assert.equal(statusText(404, "Not Found"), "404 Not Found");
    assert.equal(statusText(599, undefined), "599 <unknown status code>");
  });

  it("EXT-33: is good only as a 200", () => {
    assert.equal(problemOfStatus(200, "OK"), undefined);
    assert.equal(problemOfStatus(503, "Service Unavailable"), "remote extensions server is temporarily unavailable");
    for (const [status, reason] of [
      [204, "No Content"],
      [206, "Partial Content"],
      [404, "Not Found"],
      [500, "Internal Server Error"],
    ] as const) {
      const expected = `unexpected remote extensions server response status code: ${status} ${reason}`;
      assert.equal(problemOfStatus(status, reason), expected);
    }
  });

  it("is asked for again after 502 to 504 and failed connections only, twice", () => {
    assert.deepEqual([500, 502, 503, 504, 505, 404, 429].filter(isPassingStatus), [502, 503, 504]);
    assert.deepEqual(
      ["ECONNREFUSED", "ENOTFOUND", "ERR_INVALID_PROTOCOL", "CERT_HAS_EXPIRED", undefined].filter(isConnectFailure),
      ["ECONNREFUSED", "ENOTFOUND"],
    );
    assert.deepEqual(gatewayPausesMs, [100, 200]);
  });
});

describe("the checksum that the gateway tells", () => {
  const sum = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  for (const [header, value, algorithm] of [
    ["repr-digest", `sha-256=:${sum}:`, "sha256"],
    ["repr-digest", `md5=:AAAA:, sha-512=:${sum}:`, "sha512"],
    ["content-digest", `sha-256=:${sum}:`, "sha256"],
    ["digest", `SHA-256=${sum}`, "sha256"],
    ["x-amz-checksum-sha256", sum, "sha256"],
  ] as const) {
    it(`${header}: ${value.slice(0, 24)}…`, () => {
      assert.deepEqual(checksumOf({ [header]: value }), { algorithm, base64: sum, header });
    });
  }

  it("is none without a header, for other algorithms, and for S3's sum of sums", () => {
    assert.equal(checksumOf({}), undefined);
    assert.equal(checksumOf({ digest: "md5=AAAA", etag: `"${sum}"` }), undefined);
    assert.equal(checksumOf({ "x-amz-checksum-sha256": `${sum}-3` }), undefined);
  });
});
