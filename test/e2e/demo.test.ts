import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import pg from "pg";
import { endLeftProcesses } from "./support/leftovers.ts";

const main = join(import.meta.dirname, "../../src/standin/main.ts");

describe("the demo (npm start)", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`brings up what it says it does, and ${signal} leaves nothing behind`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "compute-ctl-e2e-demo-"));
      await chmod(folder, 0o755);
      const demo = spawn(process.execPath, [main], {
        env: { ...process.env, TMPDIR: folder },
        stdio: ["ignore", "pipe", "inherit"],
      });
      try {
        const closed = once(demo, "close");
        const ready = Promise.withResolvers<void>();
        let printed = "";
        demo.stdout.setEncoding("utf8").on("data", (text) => {
          printed += text;
          if (printed.includes("Ctrl-C stops everything.")) ready.resolve();
        });
        await Promise.race([ready.promise, closed]);
        await checkPrinted(printed);
        demo.kill(signal);
        assert.deepEqual(await closed, [0, null], printed);
        assert.deepEqual(await endLeftProcesses(folder), []);
        assert.deepEqual(await readdir(folder), []);
      } finally {
        demo.kill("SIGKILL");
        await endLeftProcesses(folder);
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});

/** Whether every address that the demo printed works. */
async function checkPrinted(printed: string): Promise<void> {
  const urls = Array.from(printed.matchAll(/psql (postgresql:\S+)/g), ([, url = ""]) => url);
  assert.equal(urls.length, 2, printed);
  for (const url of urls) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query("CREATE TABLE public.visits (id int)");
    await client.end();
  }
  const metrics = /curl (http:\S+\/metrics)/.exec(printed)?.[1] ?? "";
  assert.match(await (await fetch(metrics)).text(), /compute_ctl_up\{.*status="running"\} 1/);
  const [, token = "", status = ""] = /curl -H 'Authorization: Bearer (\S+)' (\S+)/.exec(printed) ?? [];
  const reply = await fetch(status, { headers: { authorization: `Bearer ${token}` } });
  assert.deepEqual([reply.status, Object(await reply.json()).status], [200, "running"]);
}
