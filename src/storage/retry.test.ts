import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  ConnectionError,
  ConnectionTargetError,
  GrpcStatusError,
  HostileArchiveError,
  LocalDiskError,
  PgServerError,
  TlsError,
} from "./errors.ts";
import { basebackupPausesMs, concernsAddress, isHopeless, syncPausesMs } from "./retry.ts";

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

describe("what is not tried again (Trap 20, BASE-64)", () => {
  const hopelessCodes = [
    "INVALID_ARGUMENT",
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "FAILED_PRECONDITION",
    "UNIMPLEMENTED",
  ] as const;
  const codesWorthATry = [
    "NOT_FOUND",
    "UNAVAILABLE",
    "INTERNAL",
    "CANCELLED",
    "UNKNOWN",
    "RESOURCE_EXHAUSTED",
  ] as const;
  const server = (message: string) => new PgServerError({ severity: "ERROR", code: "XX000", message });
  const hopeless: readonly Error[] = [
    server("JWT authentication error"),
    server("Unauthorized: Tenant id mismatch"),
    server("Not found: timeline is archived"),
    server("invalid basebackup lsn"),
    new ConnectionError("could not connect to sk-1", { cause: server("must connect with TLS") }),
    new TlsError("untrusted", "the certificate is not trusted"),
    new ConnectionError("could not connect", { cause: new TlsError("refused", "the server offers no TLS") }),
    ...hopelessCodes.map((code) => new GrpcStatusError({ code, message: "no" })),
    new ConnectionTargetError("no host"),
    new HostileArchiveError("../x", "leads out"),
    new LocalDiskError("cannot write x", { cause: Object.assign(new Error("full"), { code: "ENOSPC" }) }),
  ];
  for (const error of hopeless) it(error.message, () => assert.equal(isHopeless(error), true));

  const worthATry: readonly unknown[] = [
    server("Not found: Timeline"),
    server("Not found: Timeline is archived elsewhere"),
    new ConnectionError("connection refused"),
    new TlsError("failed", "the handshake broke"),
    ...codesWorthATry.map((code) => new GrpcStatusError({ code, message: "later" })),
    Object.assign(new Error("connect"), { code: "EACCES" }),
    "anything",
  ];
  for (const error of worthATry) it(`but ${error} is`, () => assert.equal(isHopeless(error), false));
});

describe("what another address may help with", () => {
  it("is what the address is to blame for, and nothing else", () => {
    const unimplemented = new GrpcStatusError({ code: "UNIMPLEMENTED", message: "" });
    const untrusted = new ConnectionError("x", { cause: new TlsError("untrusted", "not trusted") });
    const cause = new PgServerError({ severity: "ERROR", code: "XX000", message: "must connect with TLS" });
    const inClear = new ConnectionError("x", { cause });
    for (const error of [new ConnectionTargetError("x"), unimplemented, untrusted, inClear]) {
      assert.ok(concernsAddress(error), error.message);
    }
    const refused = new GrpcStatusError({ code: "PERMISSION_DENIED", message: "" });
    for (const error of [refused, new ConnectionError("x"), new HostileArchiveError("x", "y")]) {
      assert.ok(!concernsAddress(error), error.message);
    }
  });
});
