import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseTenantId, parseTimelineId } from "../base/ids.ts";
import type { Lsn } from "../base/lsn.ts";
import type { ComputeMode, Pageserver, PageserverConnectionInfo } from "../spec/types.ts";
import { parseConnectionTarget } from "./connection-target.ts";
import {
  basebackupCommand,
  basebackupStartup,
  basebackupUrl,
  proposerStartup,
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
      assert.equal(basebackupCommand(branch, lsn, mode), `basebackup ${tenantId} ${timelineId} ${rest}`);
    });
  }
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

describe("the pageserver of a base backup (BASE-13)", () => {
  const pageserver = (libpqUrl: string | null): Pageserver => ({ id: null, libpqUrl, grpcUrl: "grpc://ps" });
  const info = (
    shardCount: number,
    shards: Readonly<Record<string, readonly Pageserver[]>>,
  ): PageserverConnectionInfo => ({
    shardCount,
    stripeSize: null,
    shards: new Map(Object.entries(shards).map(([index, pageservers]) => [index, { pageservers }])),
    preferProtocol: "libpq",
  });

  it("is the first one of the unsharded tenant", () => {
    assert.equal(basebackupUrl(info(0, { "0000": [pageserver("a"), pageserver("b")] })), "a");
  });

  it("is of shard 0 among many, whose count is in hex", () => {
    assert.equal(basebackupUrl(info(16, { "0110": [pageserver("one")], "0010": [pageserver("zero")] })), "zero");
  });

  it("is refused when there is none", () => {
    assert.throws(() => basebackupUrl(info(4, { "0000": [pageserver("a")] })), /info missing for shard 0004/);
    assert.throws(() => basebackupUrl(info(0, { "0000": [] })), /must have at least one pageserver/);
    assert.throws(() => basebackupUrl(info(0, { "0000": [pageserver(null)] })), /no libpq_url for shard 0000/);
  });
});
