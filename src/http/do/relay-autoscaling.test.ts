import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { Server } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { after, describe, it } from "node:test";
import type { Services } from "../route.ts";
import type { Reply } from "../test-support.ts";
import { ask, startTestServer } from "../test-support.ts";
import { relayAutoscalingMetrics } from "./relay-autoscaling.ts";

const folder = mkdtempSync(join(tmpdir(), "pgdata-"));
after(() => rmSync(folder, { recursive: true }));

/** What a scrape gets when the communicator answers `text` to any request and `end`s then; and what it was asked. */
async function scrape(
  text: string,
  {
    pgdata = mkdtempSync(join(folder, "p")),
    method = "GET",
    end = true,
    services = {},
  }: { pgdata?: string; method?: string; end?: boolean; services?: Partial<Services> } = {},
): Promise<{ readonly reply: Reply; readonly asked: string }> {
  let asked = "";
  const communicator: Server = createServer((connection) => {
    connection.on("error", () => {});
    connection.on("data", (chunk) => {
      asked += chunk.toString("latin1");
      if (!asked.endsWith("\r\n\r\n")) return;
      if (text !== "") connection.write(text);
      if (end) connection.end();
    });
  });
  // A short relative path, because the kernel refuses a long one here too.
  const home = process.cwd();
  process.chdir(pgdata);
  communicator.listen("neon-communicator.socket");
  process.chdir(home);
  const server = await startTestServer({ services: { pgdata, ...services } });
  try {
    return { reply: await ask(server, method, "/autoscaling_metrics", { headers: { authorization: "none" } }), asked };
  } finally {
    await server.close(0);
    communicator.close();
  }
}

/** What `work` makes of a communicator that sends a byte every few milliseconds, for ever. */
async function whileTrickling<T>(work: (pgdata: string) => Promise<T>): Promise<T> {
  const pgdata = mkdtempSync(join(folder, "t"));
  const communicator = createServer((connection) => {
    connection.on("error", () => {});
    connection.write("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n");
    const timer = setInterval(() => connection.write("#"), 10);
    connection.once("close", () => clearInterval(timer));
  });
  const home = process.cwd();
  process.chdir(pgdata);
  communicator.listen("neon-communicator.socket");
  process.chdir(home);
  try {
    return await work(pgdata);
  } finally {
    communicator.close();
  }
}

describe("GET /autoscaling_metrics", () => {
  it("answers by itself where Postgres has no communicator, and says so (MET-19)", async () => {
    const ownAutoscalingText = async (): Promise<string> => "# our own\n";
    const server = await startTestServer({ services: { pgdata: join(folder, "none"), ownAutoscalingText } });
    const reply = await ask(server, "GET", "/autoscaling_metrics");
    await server.close(0);
    const type = "text/plain; version=0.0.4";
    assert.deepEqual([reply.status, reply.headers["content-type"], reply.body], [200, type, "# our own\n"]);
  });

  it("does not take over from a communicator that is there and fails (MET-12, MET-19)", async () => {
    const ownAutoscalingText = async (): Promise<string> => assert.fail("not to be asked");
    const { reply } = await scrape("garbage\r\n\r\n", { services: { ownAutoscalingText } });
    assert.equal(reply.status, 500);
  });

  it("trap 6: cuts a body that is too long, or takes too long as a whole", async () => {
    const tooLong = `HTTP/1.1 200 OK\r\ncontent-length: ${5 * 1024 * 1024}\r\n\r\n${"#".repeat(5 * 1024 * 1024)}`;
    await assert.rejects(scrape(tooLong), { code: "ECONNRESET" });
    const answer = await whileTrickling((pgdata) =>
      relayAutoscalingMetrics(pgdata, null, { totalMs: 200, bodyBytes: 1_000 }),
    );
    assert.ok(answer.content !== undefined && "stream" in answer.content);
    await assert.rejects(buffer(answer.content.stream), /aborted|too long/);
  });

  it("relays status, content type and body, and nothing else (HTTP-36, MET-10, vector 23)", async () => {
    const { reply, asked } = await scrape(
      "HTTP/1.1 503 Busy\r\ncontent-type: application/weird\r\nx-extra: 1\r\ncontent-length: 5\r\n\r\nsorry",
    );
    assert.deepEqual([reply.status, reply.headers["content-type"], reply.body], [503, "application/weird", "sorry"]);
    assert.equal(reply.headers["x-extra"], undefined);
    assert.equal(asked.toLowerCase(), "get /autoscaling_metrics http/1.1\r\nhost: localhost\r\n\r\n");
  });

  it("MET-13: passes on what Neon's Postgres tells, byte for byte", async () => {
    const windows = Array.from(
      { length: 60 },
      (_, index) => `lfc_approximate_working_set_size_windows{duration_seconds="${60 * (index + 1)}"} 14\n`,
    );
    const families = [
      "# TYPE lfc_cache_size_limit gauge\nlfc_cache_size_limit 67108864\n",
      "lfc_hits 10\n",
      "lfc_misses 4\n",
    ];
    const body = [...families, windows.join("")].join("\n");
    const head = `HTTP/1.1 200 OK\r\ncontent-type: application/text\r\ncontent-length: ${body.length}\r\n\r\n`;
    const { reply } = await scrape(head + body);
    assert.deepEqual([reply.status, reply.headers["content-type"], reply.body], [200, "application/text", body]);
  });

  it("sends no content type when there is none, and no body to HEAD (HTTP-13)", async () => {
    const { reply } = await scrape("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    assert.deepEqual([reply.headers["content-type"], reply.body], [undefined, "ok"]);
    const head = await scrape("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", { method: "HEAD" });
    assert.deepEqual([head.reply.status, head.reply.body, head.reply.headers["content-length"]], [200, "", undefined]);
  });

  it("reaches a socket whose path is too long for the kernel, and leaves no alias (MET-11)", async () => {
    const pgdata = join(folder, "x".repeat(120));
    mkdirSync(pgdata);
    const aliases = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("compute_ctl-relay-"));
    const { reply } = await scrape("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", { pgdata });
    assert.deepEqual([reply.status, reply.body], [200, "ok"]);
    assert.deepEqual(aliases(), []);
  });

  it("says that there is no socket, in the words of the operating system (vector 22)", async () => {
    const server = await startTestServer({ services: { pgdata: join(folder, "none") } });
    const reply = await ask(server, "GET", "/autoscaling_metrics");
    await server.close(0);
    assert.equal(reply.status, 500);
    assert.equal(
      reply.body,
      '{"error":"connecting to communicator control socket: No such file or directory (os error 2)"}',
    );
  });

  it("answers 500 when there is no head: the connection ends, garbage comes, or nothing for 2 s (HTTP-36)", async () => {
    for (const [text, end] of [
      ["", true],
      ["garbage\r\n\r\n", true],
      ["", false],
    ] as const) {
      const { reply } = await scrape(text, { end });
      assert.equal(reply.status, 500);
      assert.match(reply.body, /^\{"error":"fetching metrics from Postgres metrics service: /);
    }
  });

  it("cuts the connection when the body ends early or stops coming", async () => {
    for (const end of [true, false]) {
      const half = scrape("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok", { end });
      await assert.rejects(half, { code: "ECONNRESET" });
    }
  });
});
