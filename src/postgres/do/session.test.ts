import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterEach, describe, it } from "node:test";
import { SqlError } from "../../base/sql.ts";
import { createOpenSession } from "./session.ts";

let server: Server | undefined;

afterEach(() => {
  server?.close();
  server = undefined;
});

/** A session with whatever listens there: nothing, or a server that does `onBytes` with the first bytes. */
async function openAgainst(
  onBytes: ((answer: (bytes: Buffer | null) => void) => void) | null,
  connectLimitMs = 30_000,
) {
  const listener = createServer((socket) => {
    socket.on("error", () => {});
    const answer = (bytes: Buffer | null): void => {
      if (bytes === null) socket.destroy();
      else socket.write(bytes);
    };
    socket.once("data", () => onBytes?.(answer));
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  assert.ok(typeof address === "object" && address !== null);
  if (onBytes === null) listener.close();
  else server = listener;
  const connstr = {
    user: "u",
    password: "secret",
    host: "127.0.0.1",
    port: address.port,
    database: "d",
    options: null,
  };
  return createOpenSession(connstr, { connectLimitMs })({ purpose: "test" });
}

async function failure(session: Promise<unknown>): Promise<SqlError> {
  const error = await session.then(
    () => undefined,
    (reason) => reason,
  );
  assert.ok(error instanceof SqlError, String(error));
  assert.doesNotMatch(error.message, /secret/);
  return error;
}

describe("opening a session", () => {
  it("fails with 08001 when nobody listens", async () => {
    const error = await failure(openAgainst(null));
    assert.equal(error.code, "08001");
    assert.match(error.message, /cannot connect to postgresql:\/\/u@127\.0\.0\.1:\d+\/d/);
  });

  it("fails with 08001 when the server goes away", async () => {
    assert.equal((await failure(openAgainst((answer) => answer(null)))).code, "08001");
  });

  it("fails with 08001 when the server does not answer in time", async () => {
    const error = await failure(openAgainst(() => {}, 50));
    assert.deepEqual([error.code, error.cause instanceof Error && error.cause.name], ["08001", "DeadlineError"]);
  });

  it("fails with the server's SQLSTATE when it refuses", async () => {
    const body = Buffer.from("SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0");
    const head = Buffer.alloc(5);
    head.write("E");
    head.writeInt32BE(body.length + 4, 1);
    const error = await failure(openAgainst((answer) => answer(Buffer.concat([head, body]))));
    assert.deepEqual([error.code, error.message], ["57P03", "db error: FATAL: the database system is starting up"]);
  });
});
