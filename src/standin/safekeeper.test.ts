import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { parseTenantId, parseTimelineId } from "../base/ids.ts";
import type { BackendMessage } from "../storage/wire/messages.ts";
import { type SafekeeperOptions, type StandinSafekeeper, startSafekeeper } from "./safekeeper.ts";
import { connect, kinds } from "./test-client.ts";
import { createTokenAuthority } from "./token.ts";

const tenantId = parseTenantId("a1b2c3d4e5f60718293a4b5c6d7e8f90") ?? assert.fail();
const timelineId = parseTimelineId("0f1e2d3c4b5a69788796a5b4c3d2e1f0") ?? assert.fail();
const options = `-c timeline_id=${timelineId} tenant_id=${tenantId}`;
const position = { flushLsn: 0x1696700n, commitLsn: 0x1696628n };

async function start(t: TestContext, more: Partial<SafekeeperOptions> = {}): Promise<StandinSafekeeper> {
  const server = await startSafekeeper({ tenantId, timelineId, systemId: 42n, position, tokens: null, ...more });
  t.after(() => server.close());
  return server;
}

/** What comes back for one simple query. */
async function ask(
  server: StandinSafekeeper,
  query: string,
  params: Readonly<Record<string, string>> = { options },
): Promise<readonly BackendMessage[]> {
  const client = await connect(server.port, new Map(Object.entries({ user: "no_user", ...params })));
  await client.untilReady();
  client.send({ kind: "query", text: query });
  return client.untilReadyOrClosed();
}

function rows(reply: readonly BackendMessage[]): readonly (readonly (string | null)[])[] {
  return reply.flatMap((message) => (message.kind === "dataRow" ? [message.values] : []));
}

function errorText(reply: readonly BackendMessage[]): string | undefined {
  const [first] = reply;
  return first?.kind === "errorResponse" ? first.message : undefined;
}

describe("stand-in safekeeper (SK-1, SK-2)", () => {
  it("tells how far its log goes", async (t) => {
    const server = await start(t);
    const reply = await ask(server, "TIMELINE_STATUS");
    assert.deepEqual(kinds(reply), ["rowDescription", "dataRow", "commandComplete", "readyForQuery"]);
    assert.deepEqual(rows(reply), [["0/1696700", "0/1696628"]]);
    server.setPosition({ flushLsn: 0x5000000n, commitLsn: 0x5000000n });
    assert.deepEqual(rows(await ask(server, "TIMELINE_STATUS")), [["0/5000000", "0/5000000"]]);
  });

  it("has no row for a timeline that it does not know, or is told not to", async (t) => {
    const server = await start(t);
    const other = `tenant_id=${tenantId} timeline_id=${"9".repeat(32)}`;
    assert.deepEqual(kinds(await ask(server, "TIMELINE_STATUS", { options: other })), [
      "rowDescription",
      "commandComplete",
      "readyForQuery",
    ]);
    server.setFaults({ fault: { kind: "no-row" } });
    assert.deepEqual(rows(await ask(server, "TIMELINE_STATUS")), []);
  });

  it("identifies the system; only members of the consensus see beyond the commit", async (t) => {
    const server = await start(t);
    assert.deepEqual(rows(await ask(server, "IDENTIFY_SYSTEM")), [["42", "1", "0/1696628", null]]);
    const member = { options, application_name: "wal_proposer_recovery" };
    assert.deepEqual(rows(await ask(server, "IDENTIFY_SYSTEM", member)), [["42", "1", "0/1696700", null]]);
  });

  it("wants both ids, and says what it does not speak", async (t) => {
    const server = await start(t);
    assert.equal(errorText(await ask(server, "TIMELINE_STATUS", {})), "tenantid is required");
    assert.match(errorText(await ask(server, "START_WAL_PUSH (proto_version '3')")) ?? "", /does not speak/);
    assert.deepEqual(kinds(await ask(server, "set datestyle to iso")), ["commandComplete", "readyForQuery"]);
  });

  it("hangs up on a startup option that does not parse", async (t) => {
    const server = await start(t);
    const client = await connect(server.port, new Map([["options", "tenant_id=nonsense"]]));
    assert.deepEqual(await client.untilClosed(), []);
  });

  it("checks tokens (BASE-21)", async (t) => {
    const tokens = await createTokenAuthority();
    const server = await start(t, { tokens });
    for (const [claims, expected] of [
      [{ scope: "tenant", tenant_id: tenantId }, undefined],
      [{ scope: "safekeeperdata" }, undefined],
      [{ scope: "pageserverapi" }, "JWT authentication error"],
    ] as const) {
      const client = await connect(server.port, new Map([["options", options]]));
      client.send({ kind: "password", password: await tokens.issue(claims) });
      await client.untilReady();
      client.send({ kind: "query", text: "TIMELINE_STATUS" });
      assert.equal(errorText(await client.untilReadyOrClosed()), expected);
    }
  });
});
