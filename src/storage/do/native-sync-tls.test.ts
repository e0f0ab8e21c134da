import assert from "node:assert/strict";
import { after, describe, it, type TestContext } from "node:test";
import { createTestAuthority } from "../../../test/support/certificates.ts";
import { systemClock } from "../../base/clock.ts";
import { describeError } from "../../base/error-chain.ts";
import { Cluster, clusterBranch, full, logInto, shorter } from "../../standin/acceptor/test-cluster.ts";
import { createTokenAuthority } from "../../standin/token.ts";
import { type NativeSync, safekeeperSettings } from "../native-sync-request.ts";
import { syncSafekeepersNatively } from "./native-sync.ts";
import { checkSafekeepers } from "./safekeeper-status.ts";

const [authority, stranger] = await Promise.all([createTestAuthority(), createTestAuthority()]);
after(async () => {
  for (const { remove } of [authority, stranger]) await remove();
});
const [here, elsewhere] = [await authority.issue("IP:127.0.0.1"), await authority.issue("DNS:elsewhere")];

const lsn = full.flushLsn;
const elected = [...full.history, { term: 6n, lsn }];

/** Three acceptors that insist on TLS and on a token, one of which lacks WAL; the last has a certificate of its own choice. */
async function startWorld(t: TestContext, last = here) {
  const tokens = await createTokenAuthority();
  const cluster = await Cluster.start(t, [full, shorter, full], { tokens, tls: [here, here, last] });
  const token = await tokens.issue({ scope: "tenant", tenant_id: clusterBranch.tenantId });
  const lines: string[] = [];
  const ports = { log: logInto(lines), clock: systemClock, signal: new AbortController().signal, deadlineMs: 20_000 };
  const request = (conninfoOptions: string | null, caFile: string | null): NativeSync => ({
    ...safekeeperSettings(null),
    ...clusterBranch,
    hostPorts: cluster.hostPorts,
    generation: 0,
    token,
    caFile,
    pgVersion: 170_005,
    conninfoOptions,
  });
  return {
    cluster,
    lines,
    sync: (conninfoOptions: string | null, caFile: string | null) =>
      syncSafekeepersNatively(request(conninfoOptions, caFile), ports),
    check: (conninfoOptions: string | null, caFile: string | null) =>
      checkSafekeepers({ ...request(conninfoOptions, caFile), askMsMax: 20_000 }, ports),
  };
}

describe("safekeepers that insist on TLS (BASE-31, SK-31, Trap 5)", () => {
  for (const [what, conninfoOptions, caFile] of [
    ["without a word about TLS", null, null],
    ["with sslmode=require", "sslmode=require", null],
    ["with the hosts' names checked", "sslmode=verify-full", authority.caFile],
  ] as const) {
    it(`are brought into agreement, their WAL read, and found to agree, ${what}`, async (t) => {
      const { cluster, sync, check } = await startWorld(t);
      assert.equal((await check(conninfoOptions, caFile)).kind, "not-synced");
      assert.equal((await sync(conninfoOptions, caFile)).lsn, lsn);
      for (const index of [0, 1, 2]) cluster.assertSettled(index, elected);
      assert.deepEqual(await check(conninfoOptions, caFile), { kind: "synced", lsn });
    });
  }

  it("are not spoken to in clear where that is all that is allowed", async (t) => {
    const { cluster, sync, check } = await startWorld(t);
    await assert.rejects(sync("sslmode=disable", null), (error) => /must connect with TLS/.test(describeError(error)));
    assert.equal((await check("sslmode=disable", null)).kind, "not-synced");
    assert.equal(cluster.onDisk(0, lsn).control.term, full.term);
  });

  it("are turned away, and told no token, when a stranger vouches for them", async (t) => {
    const { cluster, lines, sync, check } = await startWorld(t);
    const { caFile } = stranger;
    await assert.rejects(sync("sslmode=verify-ca", caFile), (error) => /is not trusted/.test(describeError(error)));
    assert.equal((await check("sslmode=verify-ca", caFile)).kind, "not-synced");
    assert.match(lines.join("\n"), /no status from safekeeper .* is not trusted/);
    assert.equal(cluster.onDisk(0, lsn).control.term, full.term);
  });

  it("are enough without one whose certificate is another host's", async (t) => {
    const { cluster, sync } = await startWorld(t, elsewhere);
    assert.equal((await sync("sslmode=verify-full", authority.caFile)).lsn, lsn);
    for (const index of [0, 1]) cluster.assertSettled(index, elected);
    assert.equal(cluster.onDisk(2, lsn).control.term, full.term);
  });
});
