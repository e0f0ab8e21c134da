import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { parseTenantId, parseTimelineId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import { Cluster } from "../../standin/acceptor/test-cluster.ts";
import type { QuorumOutcome } from "../quorum.ts";
import type { BackendMessage } from "../wire/messages.ts";
import { type FakePeer, serverError, startFakeServer, trust } from "./fake-server.ts";
import { checkSafekeepers } from "./safekeeper-status.ts";

const tenantId = parseTenantId("a1b2c3d4e5f60718293a4b5c6d7e8f90");
const timelineId = parseTimelineId("0f1e2d3c4b5a69788796a5b4c3d2e1f0");
assert.ok(tenantId !== undefined && timelineId !== undefined);
const branch = { tenantId, timelineId };
const never = new AbortController().signal;
const refusing = "127.0.0.1:1";

type Talk = (peer: FakePeer) => Promise<void>;

/** A safekeeper that answers TIMELINE_STATUS with these messages. */
function answering(...answer: readonly BackendMessage[]): Talk {
  return async (peer) => {
    await trust(peer);
    const query = await peer.next();
    assert.deepEqual(query, { kind: "query", text: "TIMELINE_STATUS" });
    peer.send(...answer, { kind: "commandComplete", tag: "TIMELINE_STATUS" }, { kind: "readyForQuery", status: "I" });
    await peer.until("terminate");
  };
}

const columns = ["flush_lsn", "commit_lsn"].map((name) => ({ name, typeOid: 25, typeSize: -1 }));

function at(flush: string, commit: string = flush): Talk {
  return answering({ kind: "rowDescription", columns }, { kind: "dataRow", values: [flush, commit] });
}

const silent: Talk = async (peer) => void (await peer.until("terminate"));

/** Asks these safekeepers; returns what came of it and what was logged. */
async function check(
  t: TestContext,
  talks: readonly (Talk | string)[],
  signal: AbortSignal = never,
  change: { readonly conninfoOptions?: string; readonly caFile?: string; readonly askMsMax?: number } = {},
): Promise<{ readonly outcome: QuorumOutcome; readonly lines: string }> {
  const hostPorts: string[] = [];
  for (const talk of talks) {
    if (typeof talk === "string") {
      hostPorts.push(talk);
    } else {
      const server = await startFakeServer(talk);
      t.after(() => server.close());
      hostPorts.push(`127.0.0.1:${server.port}`);
    }
  }
  const lines: string[] = [];
  const log: Log = { debug() {}, info: (line) => void lines.push(line), warn() {}, error() {}, span: () => log };
  const common = { token: "hunter2", askMsMax: 20_000, conninfoOptions: null, caFile: null };
  const asked = { ...branch, hostPorts, ...common, ...change };
  const outcome = await checkSafekeepers(asked, { log, signal });
  return { outcome, lines: lines.join("\n") };
}

describe("asking the safekeepers (SK-10 to SK-13)", () => {
  for (const [name, third] of [
    ["agrees", at("0/5000000")],
    ["is silent", silent],
    ["refuses the connection", refusing],
    ["reports an error", answering(serverError("broken"))],
  ] as const) {
    it(`two that agree settle it when the third ${name}`, async (t) => {
      const { outcome } = await check(t, [at("0/5000000"), third, at("0/5000000")]);
      assert.deepEqual(outcome, { kind: "synced", lsn: 0x5000000n });
    });
  }

  it("BASE-32: names the branch and no user of ours", async (t) => {
    const seen = Promise.withResolvers<ReadonlyMap<string, string>>();
    await check(t, [async (peer) => seen.resolve(await trust(peer))]);
    const params = await seen.promise;
    assert.equal(params.get("user"), "no_user");
    assert.equal(params.get("options"), `-c timeline_id=${timelineId} tenant_id=${tenantId}`);
  });

  it("positions that differ are no failure", async (t) => {
    const { outcome } = await check(t, [at("0/5000000"), at("0/5000100", "0/5000000")]);
    assert.equal(outcome.kind, "not-synced");
  });

  it("a safekeeper without the timeline answers with no row", async (t) => {
    const { outcome } = await check(t, [answering({ kind: "rowDescription", columns }), at("0/5"), refusing]);
    assert.match(outcome.kind === "not-synced" ? outcome.why : "", /does not know the timeline/);
  });

  it("silence, refusal, errors and nonsense count as no answer and are logged", async (t) => {
    const { outcome, lines } = await check(t, [
      silent,
      refusing,
      answering(serverError("broken")),
      at("x"),
      "nonsense",
    ]);
    assert.match(outcome.kind === "not-synced" ? outcome.why : "", /only 0 of 5/);
    assert.match(lines, /ECONNREFUSED/);
    assert.match(lines, /nonsense.*host:port/);
    assert.ok(!lines.includes("hunter2"));
  });

  it("SK-10: gives up on those that say nothing", async (t) => {
    const { outcome, lines } = await check(t, [silent, silent, at("0/5")], never, { askMsMax: 100 });
    assert.equal(outcome.kind, "not-synced");
    assert.match(lines, /longer than 100 ms/);
  });

  it("SK-13, trap 6: changes nothing: a proposer that is connected is not fenced off", async (t) => {
    const lsn = 0x1600100n;
    const standing = { term: 5n, flushLsn: lsn, history: [{ term: 1n, lsn: 0x1500000n }], truncateLsn: lsn };
    const cluster = await Cluster.start(t, [standing, standing, standing]);
    const states = () => [0, 1, 2].map((index) => cluster.onDisk(index, lsn).control);
    const before = states();
    const { outcome } = await check(t, cluster.hostPorts);
    assert.deepEqual(outcome, { kind: "synced", lsn });
    assert.deepEqual(states(), before);
  });

  it("hangs up on those that are not needed any more", async (t) => {
    const gone = Promise.withResolvers<void>();
    const slow: Talk = async (peer) => {
      await trust(peer);
      await peer.until("terminate");
      gone.resolve();
    };
    await check(t, [slow, at("0/5"), at("0/5")]);
    await gone.promise;
  });

  it("BASE-31: speaks TLS where Postgres is told to, whatever else its options say", async (t) => {
    const refusingTls: Talk = async (peer) => {
      assert.deepEqual(await peer.next(), { kind: "sslRequest" });
      peer.socket.end("N");
    };
    const tls = { conninfoOptions: "sslmode=require sslcert=/client.pem" };
    const { outcome, lines } = await check(t, [refusingTls], never, tls);
    assert.equal(outcome.kind, "not-synced");
    assert.match(lines, /the server offers no TLS/);
  });

  it("ends with the signal's reason", async (t) => {
    const controller = new AbortController();
    const reason = new Error("SIGTERM");
    const aborting: Talk = async () => controller.abort(reason);
    await assert.rejects(check(t, [aborting, silent, silent], controller.signal), reason);
  });
});
