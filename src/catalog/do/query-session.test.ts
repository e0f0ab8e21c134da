import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DeadlineError } from "../../base/deadline.ts";
import { type OpenSession, SqlError } from "../../base/sql.ts";
import { visit, visitByStep } from "./query-session.ts";
import { fakeServer } from "./test-server.ts";

const never = new AbortController().signal;
const where = { purpose: "test", database: "shop" };

describe("a visit to a database", () => {
  it("limits its statements, and closes its session when the work is done and when it fails", async () => {
    const asked: string[] = [];
    let open = 0;
    const openSession: OpenSession = async () => {
      open += 1;
      return {
        run: async (sql) => {
          asked.push(sql);
          return [];
        },
        close: async () => {
          open -= 1;
        },
      };
    };
    assert.equal(await visit(openSession, where, never, async () => "done"), "done");
    assert.deepEqual([asked, open], [["SET statement_timeout = 30000"], 0]);
    await assert.rejects(
      visit(openSession, where, never, () => Promise.reject(new Error("no"))),
      /^Error: no$/,
    );
    assert.equal(open, 0);
  });

  it("ends with its signal, in the middle of a statement and of connecting, and leaves no session", async () => {
    const stop = new AbortController();
    const hanging = fakeServer((sql) => (sql === "SELECT 1" ? new Promise(() => {}) : []));
    const visiting = visit(hanging.openSession, where, stop.signal, async (session) => {
      const rows = session.run("SELECT 1");
      stop.abort(new Error("gone"));
      return rows;
    });
    await assert.rejects(visiting, /gone/);
    assert.equal(hanging.stillOpen(), 0);

    const second = new AbortController();
    const connected = Promise.withResolvers<[]>();
    const slow = fakeServer((sql) => (sql === "connect" ? connected.promise : []));
    const waiting = visit(slow.openSession, where, second.signal, async () => "never");
    second.abort(new Error("gone"));
    await assert.rejects(waiting, /gone/);
    connected.resolve([]);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(slow.stillOpen(), 0);
  });

  it("ends when the server does not answer at all", async () => {
    const { openSession, stillOpen } = fakeServer((sql) => (sql === "connect" ? [] : new Promise(() => {})));
    const visiting = visit(openSession, { ...where, statementMsMax: 5 }, never, (session) => session.run("SELECT 1"));
    await assert.rejects(visiting, DeadlineError);
    assert.equal(stillOpen(), 0);
  });

  it("names the step that failed, and keeps the cause (HTTP-70, HTTP-71)", async () => {
    const cause = new SqlError("db error: ERROR: no", "42P01");
    const failing = (when: string) =>
      fakeServer((sql) => {
        if (sql === when) throw cause;
        return [];
      });
    const run = (when: string) =>
      visitByStep(failing(when).openSession, where, never, (session) => session.run("SELECT 1"));
    await assert.rejects(run("connect"), { message: "Failed to connect to the database", cause });
    await assert.rejects(run("SELECT 1"), { message: "Failed to execute query: SELECT 1", cause });
    assert.deepEqual(await run("SELECT 2"), []);
  });
});
