import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import { systemClock } from "../base/clock.ts";
import { pumpLog } from "../postgres/do/log-pump.ts";
import type { LogFormat } from "./line-format.ts";
import { createPostgresLog } from "./postgres-records.ts";
import { createRecentLines } from "./recent-lines.ts";
import { createStderrSink } from "./stderr-sink.ts";

const prefix = "2031-04-05 06:07:08.123 UTC [41] LOG:  ";

/** Sends what a program writes to stderr through the joiner and the sink; returns the lines that come out. */
async function logOf(program: string, format: LogFormat) {
  const written: Buffer[] = [];
  const stderr = new Writable({
    write(chunk, _encoding, done) {
      written.push(chunk);
      // Like a pipe, it takes its time.
      setImmediate(done);
    },
  });
  const sink = createStderrSink(stderr, systemClock);
  const recent = createRecentLines({ linesMax: 1_000, bytesMax: 1_048_576 });
  const write = (text: string): void => {
    sink.write(text);
    recent.add(text);
  };
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "ignore", "pipe"] });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startMs = performance.now();
  pumpLog(child.stderr, createPostgresLog({ write, clock: systemClock, format }));
  await once(child, "close");
  await sink.flush(60_000);
  const tookMs = performance.now() - startMs;
  delay.disable();
  const lines = Buffer.concat(written).toString().trimEnd().split("\n");
  const summary = `${lines.length} lines in ${Math.round(tookMs)} ms, event loop held up ${Math.round(delay.max / 1e6)} ms at most`;
  return { lines, recent: recent.recent(1_000), summary };
}

describe("the log of a Postgres that writes a lot", () => {
  for (const format of ["text", "json"] as const) {
    it(`comes out whole and in order after a burst of 100,000 lines (${format})`, async (t) => {
      const program = `
        const line = (at) => ${JSON.stringify(prefix)} + "statement " + at + ": SELECT 1, 2, 3, 4, 5, 6, 7, 8, 9, 10\\n";
        process.stderr.write(Array.from({ length: 100_000 }, (_, at) => line(at)).join(""));`;
      const { lines, recent, summary } = await logOf(program, format);
      t.diagnostic(summary);
      assert.equal(lines.length, 100_000);
      assert.ok(lines.every((line, at) => line.includes(`LOG:  statement ${at}: SELECT 1, 2`)));
      assert.deepEqual(recent, lines.slice(-1_000));
    });
  }

  it("survives very long lines and bytes that are no UTF-8 (T-17)", async (t) => {
    const program = `
      const prefix = ${JSON.stringify(prefix)};
      process.stderr.write(Buffer.concat([
        Buffer.from(prefix + "x".repeat(8_000_000) + "\\n"),
        Buffer.from(prefix), Buffer.from([0xff, 0xc3, 0x0a]),
        Buffer.from(prefix + "eyJ-".repeat(500_000) + "\\n" + prefix + "password='".repeat(200_000) + "\\n"),
        Buffer.from(prefix + "the last\\n"),
      ]));`;
    const { lines, summary } = await logOf(program, "text");
    t.diagnostic(summary);
    assert.equal(lines.join("").replaceAll(/PG:|[^x]/g, "").length, 8_000_000);
    assert.ok(lines.includes(`PG:${prefix}\ufffd\ufffd`));
    assert.equal(lines.at(-1), `PG:${prefix}the last`);
    assert.ok(lines.every((line) => line.length <= 65_536 + "PG:".length));
  });
});
