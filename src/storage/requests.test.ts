import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseTenantId, parseTimelineId } from "../base/ids.ts";
import type { Lsn } from "../base/lsn.ts";
import type { ComputeMode } from "../spec/types.ts";
import { parseConnectionTarget } from "./connection-target.ts";
import {
  basebackupCommand,
  basebackupStartup,
  leaseCommand,
  leaseStartup,
  proposerStartup,
  readValidUntil,
  timelineStatusStartup,
  walPushCommand,
  walReadCommand,
} from "./requests.ts";

const tenantId = parseTenantId("a1b2c3d4e5f60718293a4b5c6d7e8f90");
const timelineId = parseTimelineId("0f1e2d3c4b5a69788796a5b4c3d2e1f0");
assert.ok(tenantId !== undefined && timelineId !== undefined);
const branch = { tenantId, timelineId };
const primary: ComputeMode = { kind: "primary" };

describe("base backup command (BASE-41)", () => {
  const texts: readonly (readonly [ComputeMode, Lsn, string])[] = [
    [primary, 0x1696628n, "0/1696628 --gzip"],
    [primary, 0n, "--gzip"],
    [{ kind: "replica" }, 0n, "--gzip --replica"],
    [{ kind: "static", lsn: 0x3000000n }, 0x3000000n, "0/3000000 --gzip --replica"],
  ];
  for (const [mode, lsn, rest] of texts) {
    it(`${mode.kind} at ${lsn}: ${rest}`, () => {
      const query = { lsn, mode, compression: "gzip" } as const;
      assert.equal(basebackupCommand(branch, query), `basebackup ${tenantId} ${timelineId} ${rest}`);
    });
  }

  it("asks for a plain archive by leaving the word out", () => {
    const query = { lsn: 0n, mode: primary, compression: "none" } as const;
    assert.equal(basebackupCommand(branch, query), `basebackup ${tenantId} ${timelineId}`);
  });
});

describe("a proposer's requests (SK-2, SK-31, SK-47)", () => {
  it("open conversations about WAL", () => {
    assert.equal(walPushCommand(3, true), "START_WAL_PUSH (proto_version '3', allow_timeline_creation 'true')");
    assert.equal(walPushCommand(2, false), "START_WAL_PUSH (proto_version '2', allow_timeline_creation 'false')");
    assert.equal(walReadCommand(0x1700000n, 4n), "START_REPLICATION PHYSICAL 0/1700000 (term='4')");
  });

  it("name the branch and the database that they all name", () => {
    const params = proposerStartup(branch);
    assert.equal(params.get("database"), "replication");
    assert.equal(params.get("options"), `-c timeline_id=${timelineId} tenant_id=${tenantId}`);
  });
});

describe("startup parameters (BASE-32)", () => {
  it("a base backup names the program and replaces the URL's options", () => {
    const target = parseConnectionTarget("postgresql://no_user@ps:64000/db?options=-cx%3Dy&application_name=z", "os");
    assert.deepEqual(
      [...basebackupStartup(target, primary)],
      [
        ["client_encoding", "UTF8"],
        ["user", "no_user"],
        ["database", "db"],
        ["options", "-c neon.compute_mode=primary"],
        ["application_name", "compute_ctl"],
      ],
    );
  });

  it("a quorum check names only the branch", () => {
    assert.deepEqual(
      [...timelineStatusStartup(branch)],
      [
        ["client_encoding", "UTF8"],
        ["user", "no_user"],
        ["options", `-c timeline_id=${timelineId} tenant_id=${tenantId}`],
      ],
    );
  });
});

describe("a lease (LSN-3)", () => {
  it("names the shard as its tenant's, or the tenant alone where there are none (BASE-1)", () => {
    assert.equal(leaseCommand(branch, "0204", 0x1696628n), `lease lsn ${tenantId}-0204 ${timelineId} 0/1696628`);
    assert.equal(leaseCommand(branch, "0001", 0x1696628n), `lease lsn ${tenantId}-0001 ${timelineId} 0/1696628`);
    assert.equal(leaseCommand(branch, "0000", 0x1696628n), `lease lsn ${tenantId} ${timelineId} 0/1696628`);
  });

  it("BASE-32: a client says nothing of itself beyond its URL", () => {
    const of = (url: string) => [...leaseStartup(parseConnectionTarget(url, "os"))];
    assert.deepEqual(of("postgresql://ps"), [
      ["client_encoding", "UTF8"],
      ["user", "os"],
    ]);
    assert.deepEqual(of("postgresql://u@ps/db?options=-cx%3Dy&application_name=z").slice(2), [
      ["database", "db"],
      ["options", "-cx=y"],
      ["application_name", "z"],
    ]);
  });

  it("is granted until a time, or refused; anything else is no answer", () => {
    assert.deepEqual(readValidUntil("1790000000000"), { kind: "granted", expiresMs: 1_790_000_000_000 });
    assert.deepEqual(readValidUntil(null), { kind: "refused" });
    for (const wrong of [undefined, "", "soon", "1.5", "-1", "9".repeat(30)]) {
      assert.throws(() => readValidUntil(wrong), /no time of expiry/);
    }
  });
});
