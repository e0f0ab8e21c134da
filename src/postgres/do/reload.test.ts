import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Log } from "../../base/log.ts";
import type { OpenSession, SqlSession } from "../../base/sql.ts";
import { reloadConfiguration } from "./reload.ts";

const never = new AbortController().signal;

/** A server that has read its configuration when it was asked for the time `looks` times after the reload was sent. */
function server(looks: number) {
  const calls: string[] = [];
  let sent = false;
  let looked = 0;
  const openSession: OpenSession = async () => ({
    run: async () => {
      if (sent) looked += 1;
      calls.push("look");
      return [{ loaded_at: looked >= looks ? "later" : "before" }];
    },
    close: async () => void calls.push("close"),
  });
  const sendReload = (): void => {
    sent = true;
    calls.push("reload");
  };
  return { calls, openSession, sendReload };
}

function noting(lines: string[]): Log {
  const log: Log = { debug() {}, info() {}, warn: (line) => void lines.push(line), error() {}, span: () => log };
  return log;
}

describe("reloadConfiguration (CONF-T8, CONF-42, T23)", () => {
  it("returns when a session sees that the configuration was read again", async () => {
    const { calls, openSession, sendReload } = server(3);
    const warnings: string[] = [];
    await reloadConfiguration(sendReload, openSession, { log: noting(warnings), signal: never });
    assert.deepEqual(calls, ["look", "reload", "look", "look", "look", "close"]);
    assert.deepEqual(warnings, []);
  });

  it("asks for the reload all the same when no session can be had, and says that it cannot tell", async () => {
    const { calls, sendReload } = server(1);
    const openSession: OpenSession = async () => Promise.reject(new Error("no such role"));
    const warnings: string[] = [];
    await reloadConfiguration(sendReload, openSession, { log: noting(warnings), signal: never });
    assert.deepEqual(calls, ["reload"]);
    assert.match(warnings.join(), /cannot tell whether .*: no such role/);
  });

  it("closes a session that comes about when nobody waits for it any more", async () => {
    const controller = new AbortController();
    const opening = Promise.withResolvers<SqlSession>();
    const closed = Promise.withResolvers<void>();
    const how = { log: noting([]), signal: controller.signal };
    const reloading = reloadConfiguration(
      () => {},
      () => opening.promise,
      how,
    );
    controller.abort(new Error("enough"));
    await assert.rejects(reloading, /enough/);
    opening.resolve({ run: async () => [], close: async () => closed.resolve() });
    await closed.promise;
  });

  it("ends with the reason of the signal, its session closed", async () => {
    const { calls, openSession, sendReload } = server(Number.POSITIVE_INFINITY);
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 10);
    const reloading = reloadConfiguration(sendReload, openSession, { log: noting([]), signal: controller.signal });
    await assert.rejects(reloading, /enough/);
    assert.equal(calls.at(-1), "close");
  });
});
