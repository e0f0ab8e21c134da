import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { systemClock } from "../../base/clock.ts";
import type { ComputeControl } from "../../compute/control.ts";
import { createStore } from "../../compute/store.ts";
import type { PageEvents } from "../status-page/frames.ts";
import { fakeControl, fakeProcess, recordingLog, startTestServer, type TestServer } from "../test-support.ts";
import { createStatusPage, type PageLimits, type StatusPage, usualPageLimits } from "./status-page.ts";

interface Told {
  readonly event: string;
  /** JSON. */
  readonly data: string;
}

let looks: number;
let logLines: string[];
let parts: Partial<ComputeControl>;
let store: ReturnType<typeof createStore>;
let server: TestServer;
let page: StatusPage;
let log: ReturnType<typeof recordingLog>;
let clients: ClientRequest[];

/** A server with a status page within these limits. */
async function serve(limits: Partial<PageLimits> = {}): Promise<void> {
  const base = fakeControl();
  const control: ComputeControl = {
    ...base,
    status: () => {
      looks += 1;
      return store.view();
    },
    overview: () => (parts.overview ?? base.overview)(),
    operations: () => (parts.operations ?? base.operations)(),
    async waitForStatus(wanted, _limitMs, signal) {
      await store.until((status) => wanted.includes(status), signal).catch(() => {});
      return store.view();
    },
  };
  page = createStatusPage(
    {
      control,
      process: fakeProcess,
      downloads: () => [],
      statusDetail: async () => ({ features: { on: [], unknown: [] }, settings: null, tls: null }),
      recentLogLines: (count) => (count === 0 ? [] : logLines.slice(-count)),
      logLineCount: () => logLines.length,
      clock: systemClock,
      log: log.log,
    },
    { ...usualPageLimits, lookMs: 5, ...limits },
  );
  server = await startTestServer({ name: "internal", control, services: { statusPage: async () => page } });
}

async function open(path = "/ui/events"): Promise<IncomingMessage> {
  const request = httpRequest({ host: "127.0.0.1", port: server.port, path, agent: false }).end();
  clients.push(request);
  request.on("error", () => {});
  const [response] = await once(request, "response");
  response.on("error", () => {});
  return response;
}

async function* eventsOf(response: IncomingMessage): AsyncGenerator<Told> {
  let text = "";
  for await (const part of response.setEncoding("utf8")) {
    text += part;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const [event = "", data = ""] = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      yield { event: event.replace("event: ", ""), data: data.replace("data: ", "") };
    }
  }
}

/** The next event of this kind. */
async function next<Name extends keyof PageEvents>(
  events: AsyncGenerator<Told>,
  wanted: Name,
): Promise<PageEvents[Name]> {
  for (;;) {
    const { value } = await events.next();
    assert.ok(value !== undefined, `the stream ended before there was ${wanted}`);
    if (value.event === wanted) return JSON.parse(value.data);
  }
}

/** Until a condition holds; the server's own timers make it come true. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

beforeEach(() => {
  looks = 0;
  logLines = [];
  parts = {};
  clients = [];
  log = recordingLog();
  store = createStore(new Date("2031-04-05T06:07:08.120Z"), () => {});
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  page.end();
  await server.close(0);
});

describe("GET /ui/events (HTTP-84)", () => {
  it("tells everything, then the sections that change, then new lines of the log", async () => {
    await serve();
    logLines.push("one", "two");
    const response = await open();
    assert.equal(response.headers["content-type"], "text/event-stream");
    assert.equal(response.headers["cache-control"], "no-store");
    const events = eventsOf(response);
    const all = await next(events, "all");
    assert.deepEqual([all.state.overview.status, all.log], ["empty", { skipped: 0, lines: ["one", "two"] }]);
    store.dispatch("configure", { error: null });
    const { sections } = await next(events, "changes");
    assert.equal(sections.overview?.status, "configuration_pending");
    assert.deepEqual(Object.keys(sections), ["overview"]);
    logLines.push("three");
    const news = await next(events, "log");
    assert.deepEqual([news.skipped, news.lines], [0, ["three"]]);
  });

  it("tells a change of status at once, however seldom it looks", async () => {
    await serve({ lookMs: 3_600_000 });
    const events = eventsOf(await open());
    await next(events, "all");
    store.dispatch("configure");
    assert.equal((await next(events, "changes")).sections.overview?.status, "configuration_pending");
    store.dispatch("start");
    assert.equal((await next(events, "changes")).sections.overview?.status, "init");
  });

  it("tells each line once to each, also when one comes later", async () => {
    await serve({ lookMs: 3_600_000 });
    const first = eventsOf(await open());
    await next(first, "all");
    logLines.push("one");
    const second = eventsOf(await open());
    assert.deepEqual((await next(second, "all")).log.lines, ["one"]);
    assert.deepEqual((await next(first, "log")).lines, ["one"]);
    logLines.push("two");
    store.dispatch("configure");
    for (const events of [first, second]) assert.deepEqual((await next(events, "log")).lines, ["two"]);
  });

  it("says how many lines it leaves out of a burst, and hides secrets in the others", async () => {
    await serve({ linesMax: 3 });
    const events = eventsOf(await open());
    await next(events, "all");
    logLines.push("a", "b", "c", "d", "postgresql://u:hush-hush@h/db");
    const { skipped, lines } = await next(events, "log");
    assert.deepEqual([skipped, lines], [2, ["c", "d", "postgresql://u:[hidden]@h/db"]]);
  });

  it("gives a sign of life when there is no news", async () => {
    await serve({ beatMs: 1 });
    const events = eventsOf(await open());
    assert.ok((await next(events, "beat")).atMs > 0);
  });

  it("has room for so many, says so to the next, and has room again when one leaves", async () => {
    await serve({ listenersMax: 2 });
    const first = await open();
    await open();
    const refused = await open();
    assert.deepEqual([refused.statusCode, refused.headers["retry-after"]], [503, "5"]);
    refused.resume();
    first.destroy();
    await until(() => page.listeners() === 1);
    assert.equal((await open()).statusCode, 200);
  });

  it("counts a client that only ends its own side as gone", async () => {
    await serve({ listenersMax: 1 });
    const client = connect({ host: "127.0.0.1", port: server.port, allowHalfOpen: true });
    client.write("GET /ui/events HTTP/1.1\r\n\r\n");
    await once(client, "data");
    client.resume().end();
    await once(client, "close");
    assert.equal((await open()).statusCode, 200);
  });

  it("costs nothing while nobody listens", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    await serve({ lookMs: 500 });
    t.mock.timers.tick(60_000);
    assert.equal(looks, 0);
    const response = await open();
    await next(eventsOf(response), "all");
    const atFirst = looks;
    t.mock.timers.tick(500);
    assert.equal(looks, atFirst + 1);
    response.destroy();
    await until(() => page.listeners() === 0);
    const atLast = looks;
    t.mock.timers.tick(60_000);
    store.dispatch("configure");
    assert.equal(looks, atLast);
  });

  it("does not keep news for a client that does not read: it gets everything anew once it does", async () => {
    await serve({ unreadBytesMax: 4_096 });
    const response = await open();
    const events = eventsOf(response);
    await next(events, "all");
    response.pause();
    const longLine = "x".repeat(3_000);
    // Far more than sockets hold.
    for (let round = 0; round < 4_000; round++) {
      logLines.push(`${round} ${longLine}`);
      if (round % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await until(() => looks > 100);
    response.resume();
    const { log: missed, state } = await next(events, "all");
    assert.equal(state.overview.status, "empty");
    assert.equal(missed.lines.at(-1), `3999 ${longLine}`);
    assert.equal(missed.skipped, 3_800);
  });

  it("cuts a client off that reads nothing for too long", async () => {
    await serve({ unreadBytesMax: 1, unreadMsMax: 20 });
    const client = connect({ host: "127.0.0.1", port: server.port });
    client.on("error", () => {});
    client.write("GET /ui/events HTTP/1.1\r\n\r\n");
    await once(client, "readable");
    const closed = once(client, "close");
    const timer = setInterval(() => logLines.push(...Array.from({ length: 200 }, () => "y".repeat(3_900))), 1);
    try {
      await until(() => page.listeners() === 0);
    } finally {
      clearInterval(timer);
    }
    // What was on its way is still there, and then the end.
    client.resume();
    await closed;
    assert.deepEqual(
      server.lines.filter((line) => line.startsWith("error")),
      [],
    );
  });

  it("ends with a word when the program does, so that closing does not wait for it", async () => {
    await serve();
    const events = eventsOf(await open());
    await next(events, "all");
    store.dispatch("configure");
    page.end();
    assert.equal((await next(events, "changes")).sections.overview?.status, "configuration_pending");
    await next(events, "end");
    assert.equal((await events.next()).done, true);
    assert.equal((await open()).statusCode, 503);
    await server.close(60_000);
  });

  it("does not wait at the end for a client that does not read", async () => {
    await serve({ unreadBytesMax: 1 });
    const response = await open();
    response.pause();
    // Far more than sockets hold.
    const until60 = looks + 60;
    while (looks < until60) {
      logLines.push(...Array.from({ length: 200 }, () => "z".repeat(3_900)));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    page.end();
    await server.close(3_600_000);
  });

  it("cuts its listeners off when the page cannot be made, and serves again once it can", async () => {
    await serve();
    const events = eventsOf(await open());
    await next(events, "all");
    parts.overview = () => {
      throw new Error("no overview");
    };
    await assert.rejects(async () => {
      for await (const { event } of events) assert.notEqual(event, "end");
    });
    assert.ok(log.lines.includes("error could not make the status page's news: no overview"));
    assert.equal((await open("/ui/state")).statusCode, 500);
    parts = {};
    assert.equal((await open("/ui/state")).statusCode, 200);
    await next(eventsOf(await open()), "all");
  });
});
