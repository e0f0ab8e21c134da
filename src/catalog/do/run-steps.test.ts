import assert from "node:assert/strict";
import { test } from "node:test";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { SqlError, type SqlSession, sqlState } from "../../base/sql.ts";
import type { Step } from "../step.ts";
import { runSteps } from "./run-steps.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, span: () => silent };
const drop = (name: string): Step => ({ kind: "drop-role", name, why: "" });

/** A session that refuses queries with `refused` in them, and remembers all. */
function recordingSession(refused: string): { readonly session: SqlSession; readonly queries: string[] } {
  const queries: string[] = [];
  const run = async (sql: string): Promise<readonly []> => {
    queries.push(sql);
    if (sql.includes(refused)) throw new SqlError(`the server says no to ${sql}`, "2BP01");
    return [];
  };
  return { session: { run, close: async () => {} }, queries };
}

test("steps go to the server together", async () => {
  const { session, queries } = recordingSession("nothing");
  await runSteps(session, [drop("a"), drop("b")], "", silent);
  assert.deepEqual(queries, ['DROP ROLE IF EXISTS "a";\nDROP ROLE IF EXISTS "b"']);
});

test("a batch that fails is run again step by step, up to the failing one, which is named", async () => {
  const { session, queries } = recordingSession('"b"');
  await assert.rejects(runSteps(session, [drop("a"), drop("b"), drop("c")], ' in database "d"', silent), (error) => {
    assert.equal(sqlState(error), "2BP01");
    assert.match(describeError(error), /^could not drop role "b" in database "d": the server says no/);
    return true;
  });
  assert.deepEqual(queries.slice(1), ['DROP ROLE IF EXISTS "a"', 'DROP ROLE IF EXISTS "b"']);
});

test("an error tells no verifier, even when the server quotes the statement (APPLY-44)", async () => {
  const { session } = recordingSession("CREATE ROLE");
  const verifier = "md500112233445566778899aabbccddeeff";
  const role = { name: "r", verifier, managesPassword: true, options: [], privileged: false };
  const step: Step = { kind: "create-role", role, memberOf: "p", why: "" };
  await assert.rejects(runSteps(session, [step], "", silent), (error) => {
    assert.match(describeError(error), /PASSWORD '\*\*\*'/);
    assert.equal(describeError(error).includes(verifier), false);
    return true;
  });
});
