import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { DeadlineError } from "../../src/base/deadline.ts";
import { sqlState } from "../../src/base/sql.ts";
import { openFileCache } from "../../src/vm-monitor/do/file-cache.ts";
import { mib } from "../../src/vm-monitor/sizes.ts";
import { type LfcBehaviour, startLfcStub } from "./lfc-stub.ts";

const never = new AbortController().signal;
const reads = /^SELECT \(SELECT/;
const alterSystem = /^ALTER SYSTEM/;

async function open(
  t: TestContext,
  behaviour: Partial<LfcBehaviour> = {},
  limits: { readonly limitMs?: number; readonly idleMs?: number } = {},
) {
  const stub = await startLfcStub(behaviour);
  t.after(stub.close);
  const cache = await openFileCache(stub.openSession, never, limits);
  assert.ok(cache !== undefined);
  return { stub, cache };
}

describe("the file cache over a connection (VM-24 to VM-26)", () => {
  it("VM-25: sets whole MiB under the maximum, each statement by itself, and tells what it is then", async (t) => {
    const { stub, cache } = await open(t, { maxBytes: 2048 * mib });
    assert.equal(await cache.set(2997 * mib, never), 2147483648);
    assert.deepEqual(stub.changes, ["limit = 2048", "reload"]);
    stub.behaviour.maxBytes = 0;
    assert.equal(await cache.set(2997 * mib, never), 0);
    assert.deepEqual(stub.changes.slice(2), ["limit = 0", "reload"]);
  });

  it("VM-24: sets the first size even if it is equal, and later only what changes something", async (t) => {
    const { stub, cache } = await open(t);
    await cache.set(64 * mib, never);
    assert.deepEqual(stub.changes, ["limit = 64", "reload"], "the stub began with 64 MiB");
    await cache.set(64 * mib, never);
    assert.equal(stub.changes.length, 2);
    await cache.set(65 * mib, never);
    assert.deepEqual(stub.changes.slice(2), ["limit = 65", "reload"]);
  });

  it("VM-26: repeats a failed read once, on a connection that takes the place of the broken one", async (t) => {
    const { stub, cache } = await open(t);
    stub.behaviour.cut = { pattern: reads, times: 1 };
    assert.equal(await cache.set(100 * mib, never), 100 * mib);
    assert.equal(stub.connections(), 2);
    stub.behaviour.cut = { pattern: reads, times: 2 };
    await assert.rejects(cache.set(200 * mib, never), (error) => sqlState(error) === "08006");
    assert.equal(stub.connections(), 3);
    assert.equal(await cache.set(200 * mib, never), 200 * mib, "the next one connects anew");
  });

  it("VM-26: does not repeat ALTER SYSTEM", async (t) => {
    const { stub, cache } = await open(t);
    stub.behaviour.cut = { pattern: alterSystem, times: 1 };
    await assert.rejects(cache.set(100 * mib, never), (error) => sqlState(error) === "08006");
    assert.deepEqual([stub.changes, stub.connections()], [[], 1]);
    stub.behaviour.fail = { pattern: alterSystem, code: "22023" };
    await assert.rejects(cache.set(100 * mib, never), (error) => sqlState(error) === "22023");
    assert.deepEqual(stub.changes, []);
  });

  it("VM-28: gives up on a Postgres that does not answer, and connects anew for the next one", async (t) => {
    const { stub, cache } = await open(t, {}, { limitMs: 50 });
    stub.behaviour.hold = { pattern: alterSystem, until: new Promise(() => {}) };
    await assert.rejects(cache.set(100 * mib, never), DeadlineError);
    stub.behaviour.hold = null;
    assert.equal(await cache.set(100 * mib, never), 100 * mib);
    assert.equal(stub.connections(), 2);
  });

  it("lets go of a connection that is not used, so that a smart shutdown of Postgres can end", async (t) => {
    const { stub, cache } = await open(t, {}, { idleMs: 10 });
    await delay(100);
    assert.equal(await cache.set(100 * mib, never), 100 * mib);
    assert.equal(stub.connections(), 2);
    await delay(100);
    assert.equal(await cache.set(100 * mib, never), 100 * mib);
    assert.equal(stub.connections(), 3);
    assert.deepEqual(stub.changes, ["limit = 100", "reload"], "what was set last is still known");
  });

  it("VM-24: is not there on a Postgres that has no such settings, and keeps no connection then", async (t) => {
    const stub = await startLfcStub({ maxBytes: null });
    t.after(stub.close);
    assert.equal(await openFileCache(stub.openSession, never), undefined);
  });

  it("VM-24: cannot be opened where nobody listens, and says where without the password", async (t) => {
    const stub = await startLfcStub();
    t.after(stub.close);
    stub.close();
    await assert.rejects(openFileCache(stub.openSession, never), (error) => sqlState(error) === "08001");
  });

  it("announces itself as vm-monitor, with a time limit for its statements", async (t) => {
    const { stub } = await open(t);
    assert.equal(stub.startup?.get("application_name"), "vm-monitor");
    assert.match(stub.startup?.get("options") ?? "", /statement_timeout=3000/);
  });
});
