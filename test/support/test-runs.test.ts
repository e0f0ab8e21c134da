import assert from "node:assert/strict";
import { it } from "node:test";
import { chosenMajors } from "./postgres-majors.ts";
import { testRuns } from "./test-runs.ts";

it("files of test/pg run once on each Postgres, others once", () => {
  assert.deepEqual(testRuns("/p", ["/p/src/a.pg.test.ts", "/p/test/pg/b.pg.test.ts"], [14, 18]), [
    { file: "/p/src/a.pg.test.ts", label: "src/a.pg.test.ts", env: {} },
    { file: "/p/test/pg/b.pg.test.ts", label: "test/pg/b.pg.test.ts (Postgres 14)", env: { TEST_POSTGRES: "14" } },
    { file: "/p/test/pg/b.pg.test.ts", label: "test/pg/b.pg.test.ts (Postgres 18)", env: { TEST_POSTGRES: "18" } },
  ]);
});

it("TEST_POSTGRES lists versions, or all; by default there are two, and unknown ones are refused", () => {
  assert.equal(chosenMajors().length, 2);
  assert.deepEqual(chosenMajors("all"), [14, 15, 16, 17, 18]);
  assert.deepEqual(chosenMajors("14, 18"), [14, 18]);
  assert.throws(() => chosenMajors("13"), /TEST_POSTGRES lists 13; there are 14, 15/);
});
