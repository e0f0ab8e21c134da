import assert from "node:assert/strict";
import { it } from "node:test";
import { decodeControlFile } from "./control-file.ts";

function controlFile(state: number): Buffer {
  const bytes = Buffer.alloc(8192);
  bytes.writeBigUInt64LE(7_550_000_000_000_000_001n, 0);
  bytes.writeUInt32LE(state, 16);
  bytes.writeBigUInt64LE(0x1696628n, 32);
  return bytes;
}

it("reads the system id and the checkpoint of a cluster that was shut down", () => {
  assert.deepEqual(decodeControlFile(controlFile(1)), { systemId: 7_550_000_000_000_000_001n, checkpoint: 0x1696628n });
});

it("refuses a cluster that is in production", () => {
  assert.throws(() => decodeControlFile(controlFile(6)), /not shut down cleanly \(state 6/);
});
