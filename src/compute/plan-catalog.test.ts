import assert from "node:assert/strict";
import { it } from "node:test";
import type { MigrationProgress } from "../catalog/migrations/state.ts";
import type { PlanView } from "../catalog/view.ts";
import type { DerivedSpec } from "../spec/types.ts";
import { configWith, derived, never, renamed, running, until, world } from "./test-world.ts";

const nothing: PlanView = { changes: false, phases: [], warnings: [] };

it("HTTP-80: plans for the spec in force, without what the server cannot do, as the apply had it", async () => {
  const planned: DerivedSpec[] = [];
  const plan = async (spec: DerivedSpec): Promise<PlanView> => {
    planned.push(spec);
    return nothing;
  };
  const { make, statuses, exit } = world({ catalog: { plan }, server: { hasLibrary: () => false } });
  const config = configWith((spec) => {
    spec["audit_log_level"] = "Base";
  });
  const compute = make(derived(config));
  assert.deepEqual(await compute.control.plan(never), { kind: "refused", status: "init" });
  const code = compute.run();
  await until(() => statuses.includes("running"));
  assert.deepEqual(await compute.control.plan(never), { kind: "planned", plan: nothing });
  assert.equal(planned[0]?.spec.auditLogLevel, "disabled");
  exit({ code: 0, text: "exit status: 0" });
  await code;
});

it("HTTP-80: refuses while no spec is in force as a whole, and ends with the caller or the compute", async () => {
  let fail = false;
  const apply = async (): Promise<void> => {
    if (fail) throw new Error("no such owner");
  };
  const plan = (_spec: DerivedSpec, signal: AbortSignal): Promise<PlanView> =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const { compute, end } = await running({ catalog: { apply, plan } });
  const caller = new AbortController();
  const asked = compute.control.plan(caller.signal);
  caller.abort(new Error("gone"));
  await assert.rejects(asked, /gone/);
  fail = true;
  await compute.control.configure(renamed, { wait: true });
  assert.deepEqual(await compute.control.plan(never), { kind: "refused", status: "failed" });
  await end();
});

it("APPLY-1: says of a replica that nothing is ever applied, without asking its Postgres", async () => {
  const { make, statuses, exit } = world({ catalog: { plan: () => assert.fail("it was asked") } });
  const config = configWith((spec) => {
    spec["mode"] = "Replica";
  });
  const compute = make(derived(config));
  const code = compute.run();
  await until(() => statuses.includes("running"));
  const warnings = ["the catalog of this compute is not applied: the compute is a replica"];
  assert.deepEqual(await compute.control.plan(never), { kind: "planned", plan: { ...nothing, warnings } });
  exit({ code: 0, text: "exit status: 0" });
  await code;
});

it("HTTP-81: tells of migrations as the catalog does", async () => {
  const failed: MigrationProgress = { stage: "failed", applied: 3, total: 12, failed: { id: 4, error: "no" } };
  const { make } = world({ catalog: { migrations: () => failed } });
  assert.deepEqual(make(derived(configWith())).control.migrations(), failed);
});
