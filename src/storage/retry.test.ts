import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  ConnectionError,
  ConnectionTargetError,
  HostileArchiveError,
  LocalDiskError,
  PgServerError,
} from "./errors.ts";
import { basebackupPausesMs, isHopeless, syncPausesMs } from "./retry.ts";

describe("schedules", () => {
  it("BASE-70: ten retries, half a second, half as much again each time", () => {
    const pauses = basebackupPausesMs();
    assert.equal(pauses.length, 10);
    assert.deepEqual(pauses.slice(0, 3), [500, 750, 1125]);
    assert.equal(Math.round(pauses.reduce((sum, pause) => sum + pause) / 100), 567);
  });

  it("BASE-70: the environment sets another number, also none", () => {
    assert.deepEqual(basebackupPausesMs(2), [500, 750]);
    assert.deepEqual(basebackupPausesMs(0), []);
  });

  it("SK-24: five retries of the sync, the first at once", () => {
    assert.deepEqual(syncPausesMs, [0, 1100, 1210, 1331, 1464]);
  });
});

describe("what is not tried again", () => {
  const server = (message: string) => new PgServerError({ severity: "ERROR", code: "XX000", message });
  const hopeless: readonly Error[] = [
    server("JWT authentication error"),
    server("Unauthorized: Tenant id mismatch"),
    new ConnectionTargetError("no host"),
    new HostileArchiveError("../x", "leads out"),
    new LocalDiskError("cannot write x", { cause: Object.assign(new Error("full"), { code: "ENOSPC" }) }),
  ];
  for (const error of hopeless) it(error.message, () => assert.equal(isHopeless(error), true));

  const worthATry: readonly unknown[] = [
    server("Not found: Timeline"),
    server("invalid basebackup lsn"),
    new ConnectionError("connection refused"),
    Object.assign(new Error("connect"), { code: "EACCES" }),
    "anything",
  ];
  for (const error of worthATry) it(`but ${error} is`, () => assert.equal(isHopeless(error), false));
});
