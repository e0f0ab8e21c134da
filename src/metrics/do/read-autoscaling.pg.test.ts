import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { majors, startTemporaryPostgres } from "../../../test/pg/temporary-postgres.ts";
import { createAutoscalingReader } from "./read-autoscaling.ts";

for (const major of majors) {
  describe(`what Postgres ${major} and the machine tell of their load (MET-19)`, () => {
    it("is read in one go, and shared by those who ask at the same time", async (t) => {
      const server = await startTemporaryPostgres(t, major);
      let opened = 0;
      const read = createAutoscalingReader((target) => {
        opened += 1;
        return server.openSession(target);
      });
      const client = await server.connect(t, { user: "cloud_admin", database: "postgres" });
      await client.query("BEGIN");
      const [one, two] = await Promise.all([read(), read()]);
      assert.equal(one, two);
      assert.equal(opened, 1);
      assert.deepEqual([one.postgres?.maxConnections, one.postgres?.sessions.get("idle in transaction")], [40, 1]);
      assert.ok(one.system.memoryTotalBytes >= one.system.memoryFreeBytes && one.system.memoryFreeBytes > 0);
      await read();
      assert.equal(opened, 2);
      // Postgres counts what a session did some time after that has ended; each of ours is one more.
      let hits = 0;
      for (let tries = 0; hits === 0 && tries < 200; tries += 1) {
        await delay(25);
        hits = (await read()).postgres?.bufferHits ?? 0;
      }
      assert.ok(hits > 0);
    });
  });
}

describe("a Postgres that does not answer", () => {
  it("is a fact, after a time limit", async () => {
    assert.equal((await createAutoscalingReader(() => Promise.reject(new Error("refused")))()).postgres, null);
    assert.equal((await createAutoscalingReader(() => new Promise(() => {}), 50)()).postgres, null);
    let closed = 0;
    const hanging = { run: () => new Promise<never>(() => {}), close: async () => void closed++ };
    assert.equal((await createAutoscalingReader(async () => hanging, 50)()).postgres, null);
    assert.equal(closed, 1);
  });
});
