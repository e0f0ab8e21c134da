import assert from "node:assert/strict";
import { it } from "node:test";
import { listeningInodes } from "./listeners-table.ts";

const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const row = (address: string, state: string, inode: number): string =>
  `   0: ${address} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0 100 0 0 10 0`;

it("FIELD-4: finds who listens on a port, of both families, and nobody that only connects", () => {
  const table = [head, row("0100007F:0C08", "0A", 11), row("0100007F:0C08", "01", 12), row("00000000:0C09", "0A", 13)];
  assert.deepEqual(listeningInodes(table.join("\n"), 3080), ["11"]);
  assert.deepEqual(listeningInodes(row("00000000000000000000000000000000:0050", "0A", 14), 80), ["14"]);
  assert.deepEqual(listeningInodes("", 3080), []);
});
