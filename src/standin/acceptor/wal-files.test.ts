import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { parseTenantId, parseTimelineId } from "../../base/ids.ts";
import { newControlState } from "./control-state.ts";
import { readStateFile, writeStateFile } from "./state-file.ts";
import { WalFiles } from "./wal-files.ts";

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "acceptor-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe("WAL files", () => {
  it("lie in segments, hold what was written, and zeros elsewhere", (t) => {
    const folder = folderFor(t);
    const wal = new WalFiles(folder);
    const data = Buffer.from("across the border");
    wal.write(0x1_00ff_fffan, data);
    wal.sync();
    assert.deepEqual(readdirSync(folder).sort(), ["000000010000000100000000", "000000010000000100000001"]);
    assert.deepEqual(new WalFiles(folder).read(0x1_00ff_fffan, data.length), data);
    assert.deepEqual(wal.read(0x5000000n, 8), Buffer.alloc(8));
  });

  it("forget what is cut off", (t) => {
    const folder = folderFor(t);
    const wal = new WalFiles(folder);
    wal.write(0xfffffcn, Buffer.alloc(8, 1));
    wal.cut(0xfffffen);
    assert.deepEqual(readdirSync(folder), ["000000010000000000000000"]);
    assert.equal(wal.read(0xfffffcn, 8).toString("hex"), "0101000000000000");
    wal.cut(0x3000000n);
    assert.equal(wal.read(0xfffffcn, 2).toString("hex"), "0101");
  });
});

describe("the state file", () => {
  it("comes back as it was, is absent when it is absent, and is not believed when it is damaged", (t) => {
    const path = join(folderFor(t), "control.json");
    assert.equal(readStateFile(path), undefined);
    const conf = { generation: 1, members: [{ nodeId: 2n ** 63n, host: "h", port: 5454 }], newMembers: [] };
    const control = newControlState({
      tenantId: parseTenantId("a1b2c3d4e5f60718293a4b5c6d7e8f90") ?? assert.fail(),
      timelineId: parseTimelineId("0f1e2d3c4b5a69788796a5b4c3d2e1f0") ?? assert.fail(),
      server: { pgVersion: 170_005, systemId: 2n ** 64n - 1n },
      startLsn: 0x1500000n,
      conf,
    });
    writeStateFile(path, control);
    assert.deepEqual(readStateFile(path), control);
    writeFileSync(path, '{"term": "many"}');
    assert.throws(() => readStateFile(path), /control\.json is damaged: /);
  });
});
