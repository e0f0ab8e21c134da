import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { decodeConfig } from "../../spec/decode.ts";
import { deriveSpec } from "../../spec/derive.ts";
import type { DerivedSpec } from "../../spec/types.ts";
import { noCounts } from "../../vm-monitor/view.ts";
import { pageOf } from "./page-of.ts";
import { after, emptyViews } from "./test-views.ts";
import type { PageViews } from "./views.ts";

const fixture = readFileSync(new URL("../../../test/fixtures/minimal.config.json", import.meta.url), "utf8");
const jwt = "eyJhbGciOiJFZERTQSJ9.eyJjb21wdXRlX2lkIjoiY29tcHV0ZS1hbGRlci03In0.J5nWAzUBIU3LWXVVc9BG7";
const verifier = `SCRAM-SHA-256$4096:${"a".repeat(24)}$${"b".repeat(43)}=:${"c".repeat(43)}=`;

/** A spec with a secret wherever one can be. */
function specWith(changes: Record<string, unknown> = {}): DerivedSpec {
  const document = JSON.parse(fixture);
  Object.assign(document.spec, {
    storage_auth_token: jwt,
    pageserver_connstring: "postgresql://someone:hush-hush@[2001:db8::1]:6400?options=-c%20x=hush-hush",
    ...changes,
  });
  document.spec.cluster.roles = [{ name: "amy", encrypted_password: verifier }];
  document.spec.cluster.databases = [{ name: "shop", owner: "amy" }];
  const decoded = decodeConfig(JSON.stringify(document), { source: "file", strict: true });
  assert.ok(decoded.ok);
  assert.ok(decoded.value.spec !== null);
  const derived = deriveSpec(decoded.value.spec);
  assert.ok(derived.ok);
  return derived.value;
}

const running: PageViews = {
  ...emptyViews,
  status: {
    ...emptyViews.status,
    status: "running",
    tenant: "t".repeat(32),
    timeline: "l".repeat(32),
    lastActiveMicros: after(50_000).getTime() * 1000 + 999,
  },
  timeline: {
    phases: [
      { name: "prepare_pgdata", startMs: 40.04, endMs: 500 },
      { name: "recreate_pgdata", startMs: 41, endMs: 90 },
      { name: "check_safekeepers_synced", startMs: 41.5, endMs: 60 },
      { name: "prepare_extensions", startMs: 42, endMs: 70 },
      { name: "get_basebackup", startMs: 90, endMs: 480.26 },
      { name: "start_postgres", startMs: 500, endMs: 700 },
      { name: "configure_as_primary", startMs: 700, endMs: null },
    ],
    changes: [
      { status: "empty", at: after(0) },
      { status: "init", at: after(1) },
      { status: "running", at: after(800) },
    ],
  },
  overview: {
    ...emptyViews.overview,
    spec: specWith(),
    isInForce: true,
    postgresPid: 42,
    startLsn: 0x16b3748n,
  },
  startup: { ...emptyViews.startup, basebackup_bytes: 5_000, basebackup_ms: 390, pageserver_connect_micros: 1_500 },
  activity: {
    lastActiveMicros: 1,
    found: "active-session",
    checkedAt: after(60_000),
    currentDowntimeMs: 0,
    totalDowntimeMs: 1200,
  },
};

describe("the status page's document (HTTP-83)", () => {
  it("says of an empty compute what there is, and leaves the rest out", () => {
    const { overview, history, start, postgres, catalog, storage, scaling, operations, problems } = pageOf(emptyViews);
    assert.deepEqual([overview.status, overview.sinceMs, overview.mode], ["empty", after(0).getTime(), null]);
    assert.deepEqual(history, [{ status: "empty", atMs: after(0).getTime() }]);
    assert.deepEqual([start, catalog, storage, scaling, operations, problems], [null, null, null, null, [], []]);
    assert.deepEqual([postgres?.state, postgres?.pid, postgres?.checkedAtMs], ["waiting", null, null]);
  });

  it("tells since when the status is what it is, and what it was before, not without end", () => {
    assert.equal(pageOf(running).overview.sinceMs, after(800).getTime());
    const changes = Array.from({ length: 60 }, (_, at) => ({ status: "running" as const, at: after(at) }));
    const { history } = pageOf({ ...running, timeline: { phases: [], changes } });
    assert.equal(history.length, 16);
    assert.equal(history.at(-1)?.atMs, after(59).getTime());
  });

  it("draws the start from the start of the process on, with the time before its first phase", () => {
    const { start } = pageOf(running);
    assert.equal(start?.zeroAtMs, after(0).getTime());
    assert.deepEqual(
      start?.rows.map(({ name, inner, startMs, endMs }) => [name, inner, startMs, endMs]),
      [
        ["launch", false, 0, 40],
        ["prepare_pgdata", false, 40, 500],
        ["recreate_pgdata", true, 41, 90],
        ["check_safekeepers_synced", true, 41.5, 60],
        ["prepare_extensions", false, 42, 70],
        ["get_basebackup", true, 90, 480.3],
        ["start_postgres", false, 500, 700],
        ["configure_as_primary", false, 700, null],
      ],
    );
    assert.equal(start?.totalMs, null);
  });

  it("draws the start of a compute that waited for its spec from the first phase on", () => {
    const startup = { ...running.startup, wait_for_spec_ms: 39, total_startup_ms: 800 };
    const { start } = pageOf({ ...running, startup });
    assert.deepEqual([start?.zeroAtMs, start?.totalMs], [after(40).getTime(), 800]);
    assert.deepEqual(start?.rows[0], { name: "prepare_pgdata", inner: false, startMs: 0, endMs: 460 });
  });

  it("knows how Postgres is from the process, the status and the last check", () => {
    const state = (changes: Partial<PageViews>) => pageOf({ ...running, ...changes }).postgres?.state;
    const status = (status: PageViews["status"]["status"]) => ({ status: { ...running.status, status } });
    const noProcess = { overview: { ...running.overview, postgresPid: null } };
    assert.equal(state({}), "up");
    assert.equal(state(status("init")), "starting");
    assert.equal(state(status("termination_pending_fast")), "stopping");
    assert.equal(state({ activity: { ...running.activity, found: "unreachable" } }), "unreachable");
    assert.equal(state({ ...noProcess, ...status("init") }), "waiting");
    assert.equal(state({ ...noProcess, ...status("terminated") }), "gone");
    assert.equal(pageOf(running).postgres?.lastActiveMs, after(50_000).getTime());
  });

  it("counts what the spec wants, and tells what the last comparison found", () => {
    const drift = {
      checkedAt: after(9),
      phases: [
        { name: "roles", steps: 2 },
        { name: "databases", steps: 1 },
      ],
    };
    const { catalog } = pageOf({ ...running, overview: { ...running.overview, drift } });
    assert.deepEqual(catalog, {
      roles: 1,
      databases: 1,
      whyNotApplied: null,
      canCompare: true,
      drift: { checkedAtMs: after(9).getTime(), steps: 3, phases: drift.phases },
    });
    assert.equal(pageOf(running).catalog?.drift, null);
    const replica = { ...running.overview, spec: specWith({ mode: "Replica" }) };
    const other = pageOf({ ...running, overview: replica }).catalog;
    assert.deepEqual([other?.whyNotApplied, other?.canCompare], ["a replica compute only reads it", false]);
    const halfApplied = { ...running.overview, isInForce: false };
    assert.equal(pageOf({ ...running, overview: halfApplied }).catalog?.canCompare, false);
  });

  it("names hosts and ports of the storage, and where it began", () => {
    const { storage } = pageOf(running);
    assert.deepEqual(storage?.shards, [{ shard: "0000", pageservers: ["[2001:db8::1]:6400"] }]);
    assert.equal(storage?.startLsn, "0/16B3748");
    assert.deepEqual(storage?.basebackup, { bytes: 5_000, ms: 390, connectMs: 1.5 });
    const newest = { ...running.overview, startLsn: 0n, endLsn: 0x17n };
    const other = pageOf({ ...running, overview: newest }).storage;
    assert.deepEqual([other?.startLsn, other?.endLsn], ["newest", "0/17"]);
  });

  it("shows the lease of a static compute, extensions that were fetched, and services that somebody asked for", () => {
    const unused = { state: "unused", since: after(1), lastError: null, retries: 0, failures: 0 } as const;
    const { storage, extensions, services } = pageOf({
      ...running,
      lease: { lsn: 0x16b3748n, state: "held", expires: after(90), error: null },
      services: [
        { service: "rsyslog", ...unused },
        { service: "pgbouncer", state: "configured", since: after(5), lastError: null, retries: 2, failures: 0 },
      ],
      downloads: [
        {
          extension: "hstore",
          state: "downloading",
          startedAt: after(1),
          endedAt: null,
          receivedBytes: 5,
          totalBytes: 9,
          error: null,
        },
      ],
    });
    assert.deepEqual(storage?.lease, {
      lsn: "0/16B3748",
      state: "held",
      expiresMs: after(90).getTime(),
      error: null,
    });
    assert.deepEqual(
      extensions?.map(({ name, state, receivedBytes }) => [name, state, receivedBytes]),
      [["hstore", "downloading", 5]],
    );
    assert.deepEqual(
      services?.map(({ name, sinceMs, retries }) => [name, sinceMs, retries]),
      [["pgbouncer", after(5).getTime(), 2]],
    );
    const none = pageOf({ ...running, services: [{ service: "swap", ...unused }] });
    assert.deepEqual([none.extensions, none.services, none.storage?.lease], [null, null, null]);
  });

  it("lists what is wrong besides what the status says, the newest first, each thing once", () => {
    const text = "could not apply\n\nCaused by:\n    no room";
    const { problems, operations } = pageOf({
      ...running,
      status: { ...running.status, status: "failed", error: text },
      operations: [
        { id: "1", kind: "start", state: "succeeded", error: null, startedAt: after(1), endedAt: after(2) },
        { id: "0", kind: "start", state: "failed", error: "no disk", startedAt: after(1), endedAt: after(2) },
        { id: "2", kind: "refresh", state: "failed", error: "no answer", startedAt: after(3), endedAt: after(4) },
        { id: "3", kind: "configure", state: "failed", error: "no disk", startedAt: after(5), endedAt: after(900) },
        { id: "4", kind: "start", state: "failed", error: text, startedAt: after(6), endedAt: after(901) },
      ],
      migrations: { stage: "failed", applied: 3, total: 12, failed: { id: 4, error: "no lock" } },
      activity: { ...running.activity, found: "unreachable", currentDowntimeMs: 5_000 },
      scaling: { listening: null, problem: "port taken", session: null, counts: noCounts, last: null },
      lease: { lsn: 0x17n, state: "failing", expires: after(9), error: "no pageserver" },
      services: [
        { service: "pgbouncer", state: "failed", since: after(700), lastError: "no room", retries: 1, failures: 1 },
        { service: "local_proxy", state: "configured", since: after(7), lastError: "mended", retries: 1, failures: 1 },
      ],
      downloads: [
        {
          extension: "hstore",
          state: "failed",
          startedAt: after(1),
          endedAt: after(600),
          receivedBytes: 1,
          totalBytes: null,
          error: "no gateway",
        },
      ],
      detail: {
        features: { on: [], unknown: [] },
        settings: {
          rejected: [{ name: "work_mem", file: "postgresql.conf", line: 7, reason: "out of range" }],
          pendingRestart: [],
          overruled: [],
        },
        tls: { notAfter: after(9), installedAt: after(8), problem: "the key does not fit" },
      },
    });
    assert.deepEqual(
      problems.map(({ where, text: said, atMs }) => [where, said, atMs]),
      [
        ["Postgres", "It does not answer.", after(55_000).getTime()],
        ["configure", "no disk", after(900).getTime()],
        ["pgbouncer", "no room", after(700).getTime()],
        ["hstore", "no gateway", after(600).getTime()],
        ["refresh", "no answer", after(4).getTime()],
        ["migrations", "migration 4: no lock", null],
        ["certificate", "the key does not fit", null],
        ["settings", "work_mem (postgresql.conf:7): out of range", null],
        ["lease", "no pageserver", null],
        ["scaling", "port taken", null],
      ],
    );
    assert.deepEqual(
      operations.map(({ id }) => id),
      ["4", "3", "2", "0", "1"],
    );
  });

  it("HTTP-86: holds no secret, wherever one may have got in", () => {
    const leak = `password=hush-hush and Bearer ${jwt} at postgresql://u:hush-hush@h/db`;
    const text = JSON.stringify(
      pageOf({
        ...running,
        status: { ...running.status, error: leak },
        operations: [{ id: "1", kind: "start", state: "failed", error: leak, startedAt: after(1), endedAt: after(2) }],
        migrations: { stage: "failed", applied: 1, total: 12, failed: { id: null, error: leak } },
        scaling: {
          listening: null,
          problem: leak,
          session: null,
          counts: noCounts,
          last: { at: after(1), text: leak },
        },
        detail: {
          features: { on: [], unknown: [] },
          settings: {
            rejected: [{ name: "x", file: "f", line: 1, reason: leak }],
            pendingRestart: [],
            overruled: [],
          },
          tls: { notAfter: after(9), installedAt: after(8), problem: leak },
        },
      }),
    );
    assert.match(text, /\[hidden\]/);
    for (const secret of ["hush-hush", jwt, verifier, "aaaaaaaa"]) assert.ok(!text.includes(secret), secret);
    const broken = pageOf({
      ...running,
      overview: { ...running.overview, spec: specWith({ pageserver_connstring: "host=a port=x password=hush-hush" }) },
    });
    assert.ok(!JSON.stringify(broken).includes("hush-hush"), JSON.stringify(broken.storage));
  });

  it("cuts texts that are too long for a page", () => {
    const error = "x".repeat(100_000);
    assert.equal(pageOf({ ...running, status: { ...running.status, error } }).overview.error?.length, 4_001);
  });
});
