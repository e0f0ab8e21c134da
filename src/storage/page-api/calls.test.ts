import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseTenantId, parseTimelineId } from "../../base/ids.ts";
import { ProtocolError } from "../wire/protocol-error.ts";
import { decodeBasebackupChunk, decodeLeaseResponse, encodeBasebackupRequest, encodeLeaseRequest } from "./calls.ts";
import { callMetadata } from "./metadata.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Buffer => Buffer.from(text, "hex");

describe("the page API's messages (BASE-62, vectors of chapter 06)", () => {
  it("requests for base backups", () => {
    const at = { lsn: 0x1696628n, replica: false, compression: "gzip" } as const;
    assert.equal(hex(encodeBasebackupRequest(at)), "08a8cca50b2002");
    assert.equal(hex(encodeBasebackupRequest({ lsn: 0n, replica: true, compression: "gzip" })), "10012002");
    assert.equal(hex(encodeBasebackupRequest({ lsn: 0n, replica: false, compression: "none" })), "2001");
  });

  it("Trap 22: the compression is never left out, which a server refuses", () => {
    for (const compression of ["gzip", "none"] as const) {
      assert.match(hex(encodeBasebackupRequest({ lsn: 0n, replica: false, compression })), /^200[12]$/);
    }
  });

  it("LSNs of the upper half", () => {
    assert.equal(hex(encodeLeaseRequest(0xffff_ffff_ffff_ffffn)), "08ffffffffffffffffff01");
  });

  it("chunks, leases and their expiry", () => {
    assert.equal(hex(decodeBasebackupChunk(bytes("0a031f8b08"))), "1f8b08");
    assert.equal(hex(encodeLeaseRequest(0x1696628n)), "08a8cca50b");
    assert.equal(decodeLeaseResponse(bytes("0a0c0880f7c4d5061080cab5ee01")), 1_790_000_000_500);
  });

  it("an answer without expiry is none (LSN-4)", () => {
    assert.throws(() => decodeLeaseResponse(Buffer.alloc(0)), /has no time of expiry/);
  });

  it("messages that are cut off, or anything else, are refused or read, and nothing more", () => {
    for (const vector of ["0a031f8b08", "0a0c0880f7c4d5061080cab5ee01"]) {
      for (let cut = 1; cut < vector.length / 2; cut += 1) {
        assert.throws(() => decodeBasebackupChunk(bytes(vector).subarray(0, cut)), ProtocolError);
        assert.throws(() => decodeLeaseResponse(bytes(vector).subarray(0, cut)), ProtocolError);
      }
    }
    const decode = (input: Uint8Array): void => {
      for (const decoder of [decodeBasebackupChunk, decodeLeaseResponse]) {
        try {
          decoder(input);
        } catch (error) {
          assert.ok(error instanceof ProtocolError);
        }
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), decode), { numRuns: 2_000 });
  });
});

describe("a call's metadata (BASE-61)", () => {
  it("names the branch, the shard and the token, if there is one", () => {
    const tenantId = parseTenantId("A1B2C3D4E5F60718293A4B5C6D7E8F90") ?? assert.fail();
    const timelineId = parseTimelineId("0f1e2d3c4b5a69788796a5b4c3d2e1f0") ?? assert.fail();
    const plain = { "neon-tenant-id": tenantId, "neon-timeline-id": timelineId, "neon-shard-id": "0204" };
    assert.equal(tenantId, "a1b2c3d4e5f60718293a4b5c6d7e8f90");
    assert.deepEqual(callMetadata({ tenantId, timelineId }, "0204", null), plain);
    assert.deepEqual(callMetadata({ tenantId, timelineId }, "0204", "tok"), { ...plain, authorization: "Bearer tok" });
  });
});
