import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, it, type TestContext } from "node:test";
import { type ComputeApi, type StartEvent, watchStart } from "./compute-api.ts";
import { pickPort } from "./ports.ts";

const never = new AbortController().signal;

/** Answers each `/status` by the next of `statuses`, then by the last; the base backup is over at the second. */
async function serve(t: TestContext, statuses: readonly string[]): Promise<ComputeApi> {
  let asked = 0;
  const server = createServer((request, response) => {
    assert.equal(request.headers.authorization, "Bearer tok");
    if (request.url === "/status") asked += 1;
    const status = statuses[Math.min(asked, statuses.length) - 1];
    const metrics = { basebackup_ms: asked > 1 ? 7 : 0, basebackup_bytes: asked > 1 ? 900 : 0, config_ms: 0 };
    response.statusCode = status === "refused" ? 401 : 200;
    response.end(JSON.stringify(request.url === "/status" ? { status, error: "boom" } : metrics));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { url: `http://127.0.0.1:${address.port}`, token: "tok" };
}

async function eventsOf(api: ComputeApi, signal = never): Promise<readonly string[]> {
  const events: string[] = [];
  for await (const event of watchStart(api, signal)) events.push(describeEvent(event));
  return events;
}

function describeEvent(event: StartEvent): string {
  return event.kind === "figure" ? `${event.figure} ${event.value} ${event.basebackupBytes}` : event.kind;
}

describe("watching a compute start", () => {
  it("tells of the first answer, of each phase as it ends, and of the end", async (t) => {
    assert.deepEqual(await eventsOf(await serve(t, ["init", "init", "running"])), [
      "first-answer",
      "sync_sk_check_ms 0 900",
      "basebackup_ms 7 900",
      "start_postgres_ms 0 900",
      "config_ms 0 900",
      "running",
    ]);
  });

  it("fails with the compute's error", async (t) => {
    await assert.rejects(eventsOf(await serve(t, ["init", "failed"])), /failed to start: boom/);
  });

  it("fails when its token is refused", async (t) => {
    await assert.rejects(eventsOf(await serve(t, ["refused"])), /GET \/status was answered 401/);
  });

  it("stops when told to while nobody answers", async () => {
    const api = { url: `http://127.0.0.1:${await pickPort(0)}`, token: "tok" };
    const reason = new Error("stopped");
    await assert.rejects(eventsOf(api, AbortSignal.abort(reason)), reason);
  });
});
