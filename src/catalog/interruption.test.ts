import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Plan, planCatalog } from "./plan.ts";
import { predictFrom, predictStep, predictTask } from "./predict.ts";
import type { CatalogSnapshot } from "./snapshot.ts";
import type { SystemStep } from "./step.ts";
import type { DatabaseTask } from "./task.ts";
import { type SampleCatalog, type SampleSpec, sampleSnapshot, sampleWanted } from "./test-samples.ts";

type Action = SystemStep | DatabaseTask;

const hash = "00112233445566778899aabbccddeeff";
const verifier = fc.constantFrom(null, `md5${hash}`, "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy");
const database = fc
  .record({
    owner: fc.constantFrom("cloud_admin", "keep"),
    kind: fc.constantFrom("plain", "template", "invalid"),
    allowsConnections: fc.boolean(),
    hasSubscriptions: fc.boolean(),
    unfinished: fc.boolean(),
  })
  .map(({ kind, ...rest }) => ({ ...rest, invalid: kind === "invalid", isTemplate: kind === "template" }));

/** Any of these may be there before: what the deltas name, what the spec wants, and what it does not mention. */
const anyCatalog: fc.Arbitrary<SampleCatalog> = fc.record(
  {
    roles: fc.record(
      { keep: verifier, "old role": verifier, gone: verifier, other: verifier },
      { requiredKeys: ["keep"] },
    ),
    references: fc.constantFrom({}, { gone: ["0"] }, { gone: ["100"] }),
    databases: fc.record(
      { wanted: database, "old database": database, "gone database": database, other: database },
      { requiredKeys: [] },
    ),
    hasNeonSchema: fc.boolean(),
    hasHealthCheck: fc.boolean(),
    subscriptionsDroppedOn: fc.constantFrom(null, "another"),
  },
  { requiredKeys: [] },
);

const anySpec: fc.Arbitrary<SampleSpec> = fc
  .record({
    roles: fc.subarray([
      { name: "keep", encrypted_password: hash },
      { name: "new role", encrypted_password: hash },
    ]),
    databases: fc.subarray([
      { name: "wanted", owner: "keep" },
      { name: "new database", owner: "keep" },
    ]),
    deltas: fc.shuffledSubarray([
      { action: "rename_role", name: "old role", new_name: "new role" },
      { action: "rename_db", name: "old database", new_name: "new database" },
      { action: "delete_db", name: "gone database" },
      { action: "delete_role", name: "gone" },
    ]),
    dropSubscriptions: fc.boolean(),
  })
  .map(({ dropSubscriptions, ...spec }) => ({
    ...spec,
    members: { drop_subscriptions_before_start: dropSubscriptions },
  }));

test("an apply that is cut off anywhere and begun again comes to the same end (APPLY-4)", () => {
  fc.assert(
    fc.property(anySpec, anyCatalog, (spec, catalog) => {
      const wanted = sampleWanted(spec);
      const snapshot = sampleSnapshot(catalog);
      const actions = actionsOf(planCatalog(wanted, snapshot));
      const end = applyToModel(snapshot, actions);
      for (let cut = 0; cut <= actions.length; cut++) {
        const halfway = applyToModel(snapshot, actions.slice(0, cut));
        assert.deepEqual(applyToModel(halfway, actionsOf(planCatalog(wanted, halfway))), end);
      }
    }),
    { numRuns: 200 },
  );
});

test("a second apply has no steps (APPLY-4)", () => {
  fc.assert(
    fc.property(anySpec, anyCatalog, (spec, catalog) => {
      const wanted = sampleWanted(spec);
      const snapshot = sampleSnapshot(catalog);
      const end = applyToModel(snapshot, actionsOf(planCatalog(wanted, snapshot)));
      assert.deepEqual(
        actionsOf(planCatalog(wanted, end)).filter((action) => "kind" in action),
        [],
      );
    }),
    { numRuns: 200 },
  );
});

function actionsOf({ phases }: Plan): readonly Action[] {
  return phases.flatMap((phase): readonly Action[] => (phase.where === "system" ? phase.steps : phase.tasks));
}

/** Plays a cluster, which refuses what cannot be: a name taken twice, a change of something that is not there. */
function applyToModel(snapshot: CatalogSnapshot, actions: readonly Action[]): CatalogSnapshot {
  const catalog = predictFrom(snapshot);
  for (const action of actions) {
    if (!("kind" in action)) {
      assert.ok(catalog.databases.get(action.database)?.allowsConnections, `closed: ${action.database}`);
      predictTask(catalog, action);
      continue;
    }
    if (action.kind === "create-role") assert.ok(!catalog.roles.has(action.role.name));
    if (action.kind === "rename-role") assert.ok(catalog.roles.has(action.name) && !catalog.roles.has(action.newName));
    if (action.kind === "create-database") assert.ok(!catalog.databases.has(action.name));
    if (action.kind === "rename-database") assert.ok(!catalog.databases.has(action.newName));
    if (action.kind === "drop-database") assert.equal(catalog.databases.get(action.name)?.isTemplate, false);
    predictStep(catalog, action);
  }
  return catalog;
}
