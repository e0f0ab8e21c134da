import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it, type TestContext } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import type { BackendMessage, FrontendMessage } from "../storage/wire/messages.ts";
import { CommandFailure } from "./command-failure.ts";
import type { PageserverFault } from "./faults.ts";
import type { PageserverOptions, StandinPageserver } from "./pageserver.ts";
import { connect, copied, kinds, type WireClient } from "./test-client.ts";
import { archivedTimeline, startTestPageserver, testBranch } from "./test-pageserver.ts";
import { createTokenAuthority } from "./token.ts";

const { tenantId, timelineId } = testBranch;
const basebackup = `basebackup ${tenantId} ${timelineId} 0/1696628 --gzip`;

/** Does not compress, so that the payload spans several chunks. */
const archive = createHash("shake256", { outputLength: 200_000 }).digest();
const image = { lsn: 0x1696628n, systemId: 1n, gzip: gzipSync(archive) };
const ready: BackendMessage = { kind: "readyForQuery", status: "I" };

const start = (t: TestContext, options: Partial<PageserverOptions> = {}): Promise<StandinPageserver> =>
  startTestPageserver(t, image, options);

/** A client that has logged in. */
async function enter(server: StandinPageserver, password?: string): Promise<WireClient> {
  const client = await connect(server.port, new Map([["user", "no_user"]]));
  if (password !== undefined) {
    assert.deepEqual(await client.take(1), [{ kind: "authenticationCleartextPassword" }]);
    client.send({ kind: "password", password });
  }
  return client;
}

/** What comes back for a command, by the extended protocol as a compute uses it (BASE-36). */
async function extended(client: WireClient, text: string): Promise<readonly BackendMessage[]> {
  const prepare: readonly FrontendMessage[] = [
    { kind: "parse", statement: "s0", text, parameterTypes: [] },
    { kind: "describe", target: "S", name: "s0" },
    { kind: "sync" },
  ];
  client.send(...prepare);
  assert.deepEqual(kinds(await client.untilReady()), [
    "parseComplete",
    "parameterDescription",
    "noData",
    "readyForQuery",
  ]);
  client.send(
    { kind: "bind", portal: "", statement: "s0", resultFormats: [1] },
    { kind: "execute", portal: "", rowLimit: 0 },
    { kind: "sync" },
  );
  return client.untilReady();
}

function failure(message: string): BackendMessage {
  return { kind: "errorResponse", severity: "ERROR", code: "XX000", message };
}

describe("stand-in pageserver", () => {
  it("greets who is trusted, after refusing TLS (BASE-33)", async (t) => {
    const server = await start(t);
    const client = await connect(server.port);
    assert.equal(await client.askForTls(), "N");
    client.send({ kind: "startup", params: new Map([["user", "x"]]) });
    assert.deepEqual(kinds(await client.untilReady()), [
      "authenticationOk",
      ...Array(3).fill("parameterStatus"),
      "readyForQuery",
    ]);
  });

  it("serves a base backup by the extended protocol, gzipped (BASE-36)", async (t) => {
    const server = await start(t);
    const client = await enter(server);
    await client.untilReady();
    const reply = await extended(client, basebackup);
    assert.deepEqual(kinds(reply).slice(0, 2), ["bindComplete", "copyOutResponse"]);
    assert.deepEqual(reply.slice(-3), [{ kind: "copyDone" }, { kind: "commandComplete", tag: "SELECT 1" }, ready]);
    assert.deepEqual(gunzipSync(copied(reply)), archive);
    client.send({ kind: "close", target: "S", name: "s0" }, { kind: "sync" }, { kind: "terminate" });
    assert.deepEqual(kinds(await client.untilClosed()), ["closeComplete", "readyForQuery"]);
    assert.deepEqual(
      server.seenCommands.map(({ text, startupParams }) => [text, startupParams.get("user")]),
      [[basebackup, "no_user"]],
    );
  });

  it("serves a plain tar without --gzip, and the latest without an LSN, by a simple query", async (t) => {
    const client = await enter(await start(t));
    await client.untilReady();
    client.send({ kind: "query", text: `basebackup ${tenantId} ${timelineId}` });
    assert.deepEqual(copied(await client.untilReady()), archive);
  });

  const refusals: readonly [string, string, string][] = [
    [
      "an unknown tenant",
      `basebackup ${"9".repeat(32)} ${timelineId}`,
      `Not found: Tenant ${"9".repeat(32)} not found`,
    ],
    [
      "an unknown timeline",
      `basebackup ${tenantId} ${"9".repeat(32)}`,
      `Not found: Timeline ${tenantId}/${"9".repeat(32)} was not found`,
    ],
    ["an archived timeline", `basebackup ${tenantId} ${archivedTimeline}`, "Not found: timeline is archived"],
    ["an old LSN", `basebackup ${tenantId} ${timelineId} 0/1`, "invalid basebackup lsn"],
    [
      "an LSN yet to come",
      `basebackup ${tenantId} ${timelineId} 0/2000000`,
      "Timed out while waiting for WAL record at LSN 0/2000000 to arrive, last_record_lsn 0/1696628",
    ],
  ];
  for (const [what, command, message] of refusals) {
    it(`refuses ${what}, and serves the next command (BASE-40)`, async (t) => {
      const client = await enter(await start(t));
      await client.untilReady();
      assert.deepEqual((await extended(client, command)).slice(1), [failure(message), ready]);
      assert.equal((await extended(client, "set x to y")).at(-2)?.kind, "commandComplete");
    });
  }

  it("tells less by a simple query, and whole causes of other errors (BASE-35)", async (t) => {
    const client = await enter(await start(t));
    await client.untilReady();
    client.send({ kind: "query", text: `basebackup ${"9".repeat(32)} ${timelineId}` });
    assert.deepEqual(await client.untilReady(), [failure("not found"), ready]);
    client.send({ kind: "query", text: `basebackup ${tenantId} ${timelineId} 0/1` });
    const chain = "invalid basebackup lsn: LSN 0/1 is earlier than latest GC cutoff 0/1696628";
    assert.deepEqual(await client.untilReady(), [failure(chain), ready]);
  });

  it("drops a connection that speaks out of turn (BASE-34)", async (t) => {
    const server = await start(t);
    for (const message of [
      { kind: "copyDone" },
      { kind: "password", password: "late" },
      { kind: "describe", target: "P", name: "" },
      { kind: "execute", portal: "", rowLimit: 1 },
    ] satisfies readonly FrontendMessage[]) {
      const client = await enter(server);
      await client.untilReady();
      client.send(message);
      assert.deepEqual(await client.untilClosed(), [], message.kind);
    }
  });
});

describe("stand-in pageserver with tokens (BASE-21)", async () => {
  const tokens = await createTokenAuthority();

  it("lets the tenant's token in", async (t) => {
    const client = await enter(
      await start(t, { tokens }),
      await tokens.issue({ scope: "tenant", tenant_id: tenantId }),
    );
    assert.deepEqual(kinds(await client.untilReady()), ["authenticationOk", "parameterStatus", "readyForQuery"]);
    assert.deepEqual(gunzipSync(copied(await extended(client, basebackup))), archive);
  });

  it("refuses another tenant's token at the command", async (t) => {
    const client = await enter(await start(t, { tokens }), await tokens.issue({ scope: "tenant", tenant_id: "x" }));
    await client.untilReady();
    const reply = await extended(client, basebackup);
    assert.deepEqual(reply.slice(1), [failure("Unauthorized: the token is for another tenant"), ready]);
  });

  it("refuses what is no token at the door", async (t) => {
    const client = await enter(await start(t, { tokens }), "hunter2");
    assert.deepEqual(await client.untilClosed(), [failure("JWT authentication error")]);
  });
});

describe("stand-in pageserver with faults", () => {
  const lost = new CommandFailure("other", "disk on fire");

  async function backupUnder(t: TestContext, fault: PageserverFault): Promise<readonly BackendMessage[]> {
    const client = await enter(await start(t, { faults: { fault } }));
    await client.untilReady();
    client.send({ kind: "query", text: basebackup });
    return client.untilReadyOrClosed();
  }

  it("fails before the copy", async (t) => {
    const reply = await backupUnder(t, { kind: "error-before-copy", failure: lost });
    assert.deepEqual(reply, [failure("disk on fire"), ready]);
  });

  it("fails in the middle of the copy, with an error or without (BASE-43)", async (t) => {
    const erring = await backupUnder(t, { kind: "error-mid-copy", afterBytes: 70_000, failure: lost });
    assert.equal(copied(erring).length, 70_000);
    assert.deepEqual(erring.slice(-2), [failure("disk on fire"), ready]);
    const closing = await backupUnder(t, { kind: "close-mid-copy", afterBytes: 100 });
    assert.deepEqual(closing, [{ kind: "copyOutResponse" }, { kind: "copyData", data: image.gzip.subarray(0, 100) }]);
  });

  it("ends a truncated archive as if it were whole", async (t) => {
    const reply = await backupUnder(t, { kind: "truncated", afterBytes: 1000 });
    assert.deepEqual(copied(reply), image.gzip.subarray(0, 1000));
    assert.deepEqual(kinds(reply).slice(-3), ["copyDone", "commandComplete", "readyForQuery"]);
  });

  it("sends another archive, or its own in small pieces", async (t) => {
    const bytes = Buffer.from("hostile");
    assert.deepEqual(copied(await backupUnder(t, { kind: "other-archive", bytes })), bytes);
    const pieces = await backupUnder(t, { kind: "trickle", chunkBytes: 50_000, pauseMs: 1 });
    assert.equal(kinds(pieces).filter((kind) => kind === "copyData").length, Math.ceil(image.gzip.length / 50_000));
    assert.deepEqual(copied(pieces), image.gzip);
  });

  it("resets the first connections, then works", async (t) => {
    const server = await start(t, { faults: { fault: { kind: "hang-up" }, times: 2 } });
    for (const expected of [[], [], ["authenticationOk"]]) {
      const client = await enter(server);
      assert.deepEqual(kinds(await client.untilReadyOrClosed()).slice(0, 1), expected);
    }
    server.setFaults({ fault: { kind: "bad-auth" }, times: 1 });
    const refused = await enter(server, "any");
    assert.deepEqual(await refused.untilClosed(), [failure("JWT authentication error")]);
  });

  it("can be closed while a client waits for a server that stays silent", async (t) => {
    const server = await start(t, { faults: { fault: { kind: "silent" } } });
    const client = await enter(server);
    await server.close();
    assert.deepEqual(await client.untilClosed(), []);
  });
});
