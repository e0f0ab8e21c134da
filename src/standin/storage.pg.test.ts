import assert from "node:assert/strict";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { gunzipSync } from "node:zlib";
import { formatLsn } from "../base/lsn.ts";
import { startStorage } from "./storage.ts";
import { connect, copied, type WireClient } from "./test-client.ts";

it("brings up a pageserver and safekeepers that agree on one branch, and let its token in", async (t) => {
  const workdir = await mkdtemp(join(tmpdir(), "standin-storage-"));
  await chmod(workdir, 0o755);
  t.after(() => rm(workdir, { recursive: true }));
  const storage = await startStorage({ major: 15, workdir, tokens: true, safekeepers: 3 });
  t.after(() => storage.close());
  const { tenantId, timelineId, lsn } = storage;
  const token = await storage.issueToken({ scope: "tenant", tenant_id: tenantId });

  async function enter(port: string, password: string): Promise<WireClient> {
    const options = `-c timeline_id=${timelineId} tenant_id=${tenantId}`;
    const client = await connect(Number(port), new Map([["options", options]]));
    client.send({ kind: "password", password });
    return client;
  }

  const pageserver = await enter(new URL(storage.pageserverUrl).port, token);
  await pageserver.untilReady();
  pageserver.send({ kind: "query", text: `basebackup ${tenantId} ${timelineId} ${formatLsn(lsn)} --gzip` });
  const archive = gunzipSync(copied(await pageserver.untilReadyOrClosed()));
  assert.equal(archive.toString("latin1", 0, 7), "global\0");
  assert.equal(archive.length % 512, 0);

  assert.equal(storage.safekeeperHostPorts.length, 3);
  for (const hostPort of storage.safekeeperHostPorts) {
    const [, port = ""] = hostPort.split(":");
    const safekeeper = await enter(port, token);
    await safekeeper.untilReady();
    safekeeper.send({ kind: "query", text: "TIMELINE_STATUS" });
    const [, row] = await safekeeper.untilReadyOrClosed();
    assert.deepEqual(row, { kind: "dataRow", values: [formatLsn(lsn), formatLsn(lsn)] });
    const stranger = await enter(port, "no token");
    assert.equal((await stranger.untilClosed()).at(-1)?.kind, "errorResponse");
  }
});
