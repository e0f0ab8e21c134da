import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { DeadlineError } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import { ConnectionError, PgServerError } from "../errors.ts";
import { isHopeless } from "../retry.ts";
import { encodeBackend } from "../wire/encode-backend.ts";
import type { BackendMessage } from "../wire/messages.ts";
import { beginCopy, copyEnd, type FakePeer, serverError, startFakeServer, trust } from "./fake-server.ts";
import { type LibpqConnection, type LibpqTarget, openLibpq } from "./libpq-connection.ts";

const params = new Map([["user", "no_user"]]);
const limits = { firstByteMsMax: 10_000, idleMsMax: 10_000 };
const never = new AbortController().signal;
const refusing = { host: "127.0.0.1", port: 1 };

interface Opening {
  readonly token?: string;
  readonly password?: string;
  readonly connectMsMax?: number;
  readonly signal?: AbortSignal;
  readonly target?: Partial<LibpqTarget>;
}

/** Connects to a server that talks as `talk` says; both are gone when the test is over. */
async function open(
  t: TestContext,
  talk: (peer: FakePeer) => Promise<void>,
  { token, password, connectMsMax = 10_000, signal = never, target = {} }: Opening = {},
): Promise<LibpqConnection> {
  const server = await startFakeServer(talk);
  t.after(() => server.close());
  const hosts = [...(target.hosts ?? []), { host: "127.0.0.1", port: server.port }];
  const login = { params, token: token ?? null, connectMsMax };
  const whole = { sslmode: "allow", password: password ?? null, keepAlive: true, ...target, hosts } as const;
  const connection = await openLibpq(whole, login, signal);
  t.after(() => connection.close());
  return connection;
}

/** A talk that logs the client in and goes on from there. */
function afterLogin(talk: (peer: FakePeer) => Promise<void>): (peer: FakePeer) => Promise<void> {
  return async (peer) => {
    await trust(peer);
    await talk(peer);
  };
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString();
}

describe("login (BASE-33)", () => {
  it("a trusting server gets the startup parameters and nothing else", async (t) => {
    const seen = Promise.withResolvers<ReadonlyMap<string, string>>();
    await open(t, async (peer) => seen.resolve(await trust(peer)));
    assert.deepEqual(await seen.promise, params);
  });

  const asking = (seen: (password: string) => void) => async (peer: FakePeer) => {
    await peer.next();
    peer.send({ kind: "authenticationCleartextPassword" });
    const answer = await peer.next();
    if (answer?.kind === "password") seen(answer.password);
    peer.send({ kind: "authenticationOk" }, { kind: "readyForQuery", status: "I" });
  };

  it("BASE-20: the token wins over the URL's password, which serves without one", async (t) => {
    const passwords: string[] = [];
    await open(
      t,
      asking((password) => void passwords.push(password)),
      { token: "tok", password: "pw" },
    );
    await open(
      t,
      asking((password) => void passwords.push(password)),
      { password: "pw" },
    );
    assert.deepEqual(passwords, ["tok", "pw"]);
  });

  it("fails here when the server wants a token and there is none", async (t) => {
    await assert.rejects(
      open(
        t,
        asking(() => {}),
      ),
      (error) => /no storage_auth_token/.test(describeError(error)),
    );
  });

  it("a refused token is told in the server's words, without the token, and is hopeless", async (t) => {
    const talk = async (peer: FakePeer) => {
      await peer.next();
      peer.send({ kind: "authenticationCleartextPassword" });
      await peer.next();
      peer.send(serverError("JWT authentication error"));
    };
    await assert.rejects(open(t, talk, { token: "hunter2" }), (error) => {
      assert.match(describeError(error), /could not connect to 127.*db error: ERROR: JWT authentication error$/);
      assert.ok(!describeError(error).includes("hunter2"));
      return isHopeless(error);
    });
  });

  const failures: readonly (readonly [string, (peer: FakePeer) => Promise<void>, RegExp])[] = [
    ["SCRAM", async (peer) => peer.send({ kind: "authenticationOther", method: 10 }), /authentication method 10/],
    ["a hang-up", async (peer) => void (await peer.next()), /closed the connection/],
    ["no Postgres", async ({ socket }) => void socket.write("SSH-2.0-OpenSSH_9.2\r\n"), /longer than the limit/],
    ["a message out of turn", async (peer) => peer.send({ kind: "copyDone" }), /sent copyDone where/],
  ];
  for (const [name, talk, message] of failures) {
    it(`fails clearly on ${name}`, async (t) => {
      await assert.rejects(
        open(t, talk),
        (error) => error instanceof ConnectionError && message.test(describeError(error)),
      );
    });
  }

  it("gives up on a server that says nothing", async (t) => {
    const talk = async (peer: FakePeer) => void (await peer.until("terminate"));
    await assert.rejects(
      open(t, talk, { connectMsMax: 30 }),
      (error) => error instanceof ConnectionError && error.cause instanceof DeadlineError,
    );
  });

  it("BASE-30: tries the hosts in order", async (t) => {
    await open(
      t,
      afterLogin(async () => {}),
      { target: { hosts: [refusing] } },
    );
  });

  it("ends with the signal's reason when it fires", async (t) => {
    const controller = new AbortController();
    const reason = new Error("shutting down");
    const talk = async (peer: FakePeer) => {
      await peer.next();
      controller.abort(reason);
      await peer.next();
    };
    await assert.rejects(open(t, talk, { signal: controller.signal }), reason);
  });
});

describe("simple query (BASE-37)", () => {
  const answering = (...answer: readonly BackendMessage[]) =>
    afterLogin(async (peer) => {
      await peer.next();
      peer.send(...answer);
    });

  it("returns rows by column name", async (t) => {
    const connection = await open(
      t,
      answering(
        { kind: "noticeResponse", severity: "NOTICE", code: "00000", message: "by the way" },
        {
          kind: "rowDescription",
          columns: [
            { name: "a", typeOid: 25, typeSize: -1 },
            { name: "b", typeOid: 25, typeSize: -1 },
          ],
        },
        { kind: "dataRow", values: ["1", null] },
        { kind: "commandComplete", tag: "X" },
        { kind: "readyForQuery", status: "I" },
      ),
    );
    assert.deepEqual(await connection.query("X"), [
      new Map([
        ["a", "1"],
        ["b", null],
      ]),
    ]);
  });

  it("throws what the server says", async (t) => {
    const connection = await open(t, answering(serverError("not found"), { kind: "readyForQuery", status: "I" }));
    await assert.rejects(
      connection.query("X"),
      new PgServerError({ severity: "ERROR", code: "XX000", message: "not found" }),
    );
  });
});

describe("copy (BASE-36)", () => {
  it("asks by the extended protocol, hands out the data and takes leave", async (t) => {
    const rest = Promise.withResolvers<readonly string[]>();
    const connection = await open(
      t,
      afterLogin(async (peer) => {
        const requests = await peer.until("execute");
        assert.deepEqual(requests, [
          { kind: "parse", statement: "s0", text: "basebackup", parameterTypes: [] },
          { kind: "describe", target: "S", name: "s0" },
          { kind: "sync" },
          { kind: "bind", portal: "", statement: "s0", resultFormats: [1] },
          { kind: "execute", portal: "", rowLimit: 0 },
        ]);
        peer.send({ kind: "parseComplete" }, { kind: "parameterDescription" }, { kind: "noData" });
        peer.send({ kind: "readyForQuery", status: "I" }, { kind: "bindComplete" }, { kind: "copyOutResponse" });
        for (const data of ["ab", "", "c", "def"]) peer.send({ kind: "copyData", data: Buffer.from(data) });
        peer.send(...copyEnd);
        rest.resolve((await peer.until("terminate")).map(({ kind }) => kind));
      }),
    );
    assert.equal(await collect(connection.copyOut("basebackup", limits)), "abcdef");
    connection.close();
    assert.deepEqual(await rest.promise, ["sync", "close", "sync", "terminate"]);
  });

  const data = { kind: "copyData", data: Buffer.from("x") } as const;
  const broken: readonly (readonly [string, readonly BackendMessage[], RegExp])[] = [
    ["an error in the middle", [data, serverError("disk on fire")], /^PgServerError: db error: ERROR: disk on fire$/],
    ["an error behind the data", [data, { kind: "copyDone" }, serverError("too late")], /too late/],
    ["a hang-up in the middle", [data], /closed the connection in the middle/],
    ["a hang-up behind the data", [data, { kind: "copyDone" }], /closed the connection/],
    ["something else", [data, { kind: "bindComplete" }], /sent bindComplete where copyData was due/],
  ];
  for (const [name, messages, error] of broken) {
    it(`BASE-43: ${name} is thrown`, async (t) => {
      const connection = await open(
        t,
        afterLogin(async (peer) => {
          await beginCopy(peer);
          peer.send(...messages);
        }),
      );
      await assert.rejects(collect(connection.copyOut("x", limits)), error);
    });
  }

  it("BASE-35: a command that is refused is told with its detail", async (t) => {
    const connection = await open(
      t,
      afterLogin(async (peer) => {
        await peer.until("execute");
        peer.send({ kind: "parseComplete" }, { kind: "parameterDescription" }, { kind: "noData" });
        peer.send({ kind: "readyForQuery", status: "I" }, { kind: "bindComplete" });
        peer.send(serverError("Not found: Timeline x/y was not found"));
      }),
    );
    await assert.rejects(collect(connection.copyOut("x", limits)), /ERROR: Not found: Timeline x\/y/);
  });

  it("gives up on a server that falls silent", async (t) => {
    const connection = await open(
      t,
      afterLogin(async (peer) => {
        await beginCopy(peer);
        peer.send(data);
        await peer.until("terminate");
      }),
    );
    await assert.rejects(collect(connection.copyOut("x", { ...limits, idleMsMax: 20 })), DeadlineError);
  });

  it("a slow taker holds up the server instead of filling memory", async (t) => {
    const message = encodeBackend({ kind: "copyData", data: Buffer.alloc(1 << 20) });
    const messages = 64;
    let sent = 0;
    const connection = await open(
      t,
      afterLogin(async (peer) => {
        await beginCopy(peer);
        for (; sent < messages; sent += 1) {
          if (!peer.socket.write(message)) await new Promise((resolve) => peer.socket.once("drain", resolve));
        }
        peer.send(...copyEnd);
        await peer.until("terminate");
      }),
    );
    const copied = connection.copyOut("x", limits);
    let bytes = (await copied.next()).value?.length ?? 0;
    for (let before = -1; before !== sent; ) {
      before = sent;
      await delay(50);
    }
    assert.ok(sent < messages / 2, `${sent} of ${messages} MiB went out though nobody took them`);
    for await (const chunk of copied) bytes += chunk.length;
    assert.equal(bytes, messages << 20);
  });
});

describe("COPY BOTH", () => {
  const enter = async (peer: FakePeer): Promise<string> => {
    const [query] = await peer.until("query");
    peer.send({ kind: "copyBothResponse" });
    return query?.kind === "query" ? query.text : "";
  };

  it("carries data both ways, and what was sent last arrives although we close our half", async (t) => {
    const seen: string[] = [];
    const connection = await open(
      t,
      afterLogin(async (peer) => {
        seen.push(await enter(peer));
        peer.send({ kind: "copyData", data: Buffer.from("one") }, { kind: "copyData", data: Buffer.from("two") });
        for (let message = await peer.next(); message !== undefined; message = await peer.next()) {
          seen.push(message.kind === "copyData" ? message.data.toString() : message.kind);
        }
      }),
    );
    await connection.startCopyBoth("START", 10_000);
    connection.sendCopyData(Buffer.from("ours"));
    assert.equal(String(await connection.receiveCopyData(10_000)), "one");
    connection.halfClose();
    assert.equal(String(await connection.receiveCopyData(10_000)), "two");
    await assert.rejects(connection.receiveCopyData(10_000), ConnectionError);
    assert.deepEqual(seen, ["START", "ours"]);
  });

  it("that does not begin, ends with an error, or has something else in it is told", async (t) => {
    const refused = await open(
      t,
      afterLogin(async (peer) => {
        await peer.until("query");
        peer.send({ kind: "readyForQuery", status: "I" });
        await peer.next();
      }),
    );
    await assert.rejects(refused.startCopyBoth("START", 10_000), /readyForQuery where copyBothResponse was due/);
    const replies: readonly (readonly [BackendMessage, RegExp])[] = [
      [serverError("got generation 9"), /db error: ERROR: got generation 9/],
      [{ kind: "readyForQuery", status: "I" }, /readyForQuery where copyData was due/],
    ];
    for (const [reply, expected] of replies) {
      const connection = await open(
        t,
        afterLogin(async (peer) => {
          await enter(peer);
          peer.send(reply);
          await peer.next();
        }),
      );
      await connection.startCopyBoth("START", 10_000);
      await assert.rejects(connection.receiveCopyData(10_000), expected);
    }
    const ended = await open(
      t,
      afterLogin(async (peer) => {
        await enter(peer);
        peer.send({ kind: "copyDone" });
        await peer.next();
      }),
    );
    await ended.startCopyBoth("START", 10_000);
    assert.equal(await ended.receiveCopyData(10_000), undefined);
  });

  it("waits for a server that is slow to read", async (t) => {
    const begin = Promise.withResolvers<void>();
    const connection = await open(
      t,
      afterLogin(async (peer) => {
        await enter(peer);
        await begin.promise;
        while ((await peer.next()) !== undefined);
      }),
    );
    await connection.startCopyBoth("START", 10_000);
    await connection.drained(never);
    connection.sendCopyData(Buffer.alloc(12 * 1024 * 1024));
    let isDrained = false;
    const drained = connection.drained(never).then(() => {
      isDrained = true;
    });
    await delay(20);
    assert.equal(isDrained, false);
    begin.resolve();
    await drained;
  });
});
