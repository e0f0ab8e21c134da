import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planFromSaved, readCatalog, readPlan } from "../../src/catalog/do/plan-catalog.ts";
import { decodeSavedCatalog, encodeSavedCatalog } from "../../src/catalog/saved-catalog.ts";
import { type SampleSpec, sampleSpec } from "../../src/catalog/test-samples.ts";
import { renderPlanText } from "../../src/catalog/view.ts";
import { apply } from "./apply.ts";
import { createRecordingLog } from "./recording-log.ts";
import { majors, startTemporaryPostgres } from "./temporary-postgres.ts";

const hash = "00112233445566778899aabbccddeeff";
const first: SampleSpec = {
  roles: [{ name: "alice", encrypted_password: hash }, { name: "temp" }],
  databases: [{ name: "shop", owner: "alice" }],
};
const second: SampleSpec = {
  roles: [{ name: "alice", encrypted_password: hash }, { name: "bob" }],
  databases: [
    { name: "store", owner: "bob" },
    { name: "new", owner: "bob" },
  ],
  deltas: [
    { action: "rename_db", name: "shop", new_name: "store" },
    { action: "delete_role", name: "temp" },
  ],
};
const signal = new AbortController().signal;

for (const major of majors) {
  describe(`a plan on Postgres ${major}`, () => {
    it("is what the apply then does, and is empty after it", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const { log } = createRecordingLog();
      const ports = { openSession: pg.openSession, log, signal };
      const input = (spec: SampleSpec) => ({
        spec: sampleSpec(spec),
        privilegedRoleName: "neon_superuser",
        concurrency: 2,
      });
      for (const spec of [first, second]) {
        if (spec === second) {
          await pg.sql("shop", "GRANT CREATE ON SCHEMA public TO temp");
          await pg.sql("shop", "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM neon_superuser");
        }
        const saved = await readCatalog(input(spec), ports);
        const view = await readPlan(input(spec), ports);
        assert.equal(view.changes, true);
        assert.deepEqual(planFromSaved(input(spec), decodeSavedCatalog(encodeSavedCatalog(saved))), view);
        const text = renderPlanText(view);
        assert.doesNotMatch(text + JSON.stringify(view), new RegExp(hash));

        const applied = await apply(pg, spec);
        const planned = view.phases.flatMap(({ steps }) => steps);
        for (const { what, why } of planned) {
          assert.ok(applied.log.includes(`DEBUG ${what} ${JSON.stringify({ why })}`), `${what} ${why}\n${applied.log}`);
        }
        assert.equal(applied.steps, planned.length);
        assert.match(text, new RegExp(`^${planned.length} steps$`, "m"));
        const after = await readPlan(input(spec), ports);
        assert.deepEqual([after.changes, after.phases], [false, []]);
        assert.match(renderPlanText(after), /nothing to change/);
      }
    });
  });
}
