import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import { createStderrSink } from "./stderr-sink.ts";

const clock = { now: () => new Date(0), monotonicMs: () => 0 };

/** A stream whose reader takes a chunk only when told to. */
function slowStream() {
  const taken: string[] = [];
  const waiting: (() => void)[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      taken.push(String(chunk));
      waiting.push(done);
    },
  });
  const takeAll = async (): Promise<void> => {
    for (let done = waiting.shift(); done !== undefined; done = waiting.shift()) {
      done();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { stream, taken, takeAll };
}

describe("the sink over stderr", () => {
  it("drops text when too much is queued, and tells how many lines once the reader has caught up", async () => {
    const { stream, taken, takeAll } = slowStream();
    const sink = createStderrSink(stream, clock, { queuedBytesMax: 10 });
    sink.write("12345\n");
    sink.write("lost 1\nlost 2\n");
    sink.write("x\n");
    await takeAll();
    sink.write("after\n");
    await takeAll();
    assert.deepEqual(taken, [
      "12345\n",
      "1970-01-01T00:00:00.000000Z  WARN log lines were lost because stderr was read too slowly lines=3\n",
      "after\n",
    ]);
  });

  it("tells of lost lines in the format of all others", async () => {
    const { stream, taken, takeAll } = slowStream();
    const sink = createStderrSink(stream, clock, { queuedBytesMax: 3, format: "json" });
    sink.write("1\n");
    sink.write("lost\n");
    await takeAll();
    assert.deepEqual(JSON.parse(taken[1] ?? "").fields, { lines: 1 });
  });

  it("takes one text that is larger than the queue may get, as nothing else waits", async () => {
    const { stream, taken, takeAll } = slowStream();
    const sink = createStderrSink(stream, clock, { queuedBytesMax: 3 });
    sink.write("12345\n");
    await takeAll();
    assert.deepEqual(taken, ["12345\n"]);
  });

  it("flushes what is queued", async () => {
    const { stream, taken, takeAll } = slowStream();
    const sink = createStderrSink(stream, clock);
    sink.write("a\n");
    sink.write("b\n");
    const flushed = sink.flush(60_000);
    await takeAll();
    await flushed;
    assert.deepEqual(taken.join(""), "a\nb\n");
  });

  it("gives up flushing when nobody reads", async () => {
    const { stream } = slowStream();
    const sink = createStderrSink(stream, clock);
    sink.write("a\n");
    await sink.flush(10);
    assert.equal(stream.writableLength, 2);
  });

  it("survives a reader that went away", async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error("EPIPE")) });
    const sink = createStderrSink(stream, clock);
    sink.write("a\n");
    await new Promise((resolve) => stream.once("close", resolve));
    sink.write("b\n");
    await sink.flush(60_000);
    assert.equal(stream.destroyed, true);
  });

  it("does not block the program on a pipe that nobody reads, and exits without its reader", async () => {
    const child = runWithSink("await sink.flush(50); process.exit(process.stderr.writableLength > 0 ? 3 : 4);");
    await once(child.stdout, "data");
    // stderr is not read before the end, so most of a megabyte has nowhere to go.
    const [code] = await once(child, "exit");
    child.stderr.resume();
    assert.equal(code, 3);
  });

  it("delivers all to a slow reader when it is flushed before the exit (T-25)", async () => {
    const child = runWithSink("await sink.flush(60_000); process.exit(0);");
    await once(child.stdout, "data");
    let length = 0;
    child.stderr.on("data", (chunk: Buffer) => {
      length += chunk.length;
    });
    await once(child, "close");
    assert.equal(length, 1_000_000);
  });
});

/** Runs a program that hands a megabyte to the sink over its stderr, a pipe, says so on stdout, and goes on with `rest`. */
function runWithSink(rest: string) {
  const sink = new URL("./stderr-sink.ts", import.meta.url).href;
  const program = `
    import { createStderrSink } from ${JSON.stringify(sink)};
    const sink = createStderrSink(process.stderr, { now: () => new Date(), monotonicMs: () => performance.now() });
    for (let i = 0; i < 100; i++) sink.write("x".repeat(9_999) + "\\n");
    process.stdout.write("not blocked");
    ${rest}`;
  return spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "pipe"] });
}
