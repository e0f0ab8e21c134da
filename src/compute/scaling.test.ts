import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DerivedSpec } from "../spec/types.ts";
import { notListening } from "../vm-monitor/view.ts";
import { configWith, derived, until, world } from "./test-world.ts";

/** A vm-monitor that notes when it is started and ended. */
function recording() {
  const notes: string[] = [];
  let statuses: readonly string[] = [];
  return {
    notes,
    watch(seen: readonly string[]): void {
      statuses = seen;
    },
    vmMonitor: {
      view: () => ({ ...notListening, listening: "127.0.0.1:1" }),
      run: async ({ spec }: DerivedSpec, signal: AbortSignal): Promise<void> => {
        notes.push(`run while ${statuses.at(-1)}, disable_lfc_resizing ${spec.disableLfcResizing}`);
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        notes.push("end");
      },
    },
  };
}

describe("the vm-monitor's place in the life of a compute (VM-1, VM-4, LIFE-3)", () => {
  it("VM-1, LIFE-3: starts after a start that succeeded, by the first spec; VM-4: ends with Postgres", async () => {
    const { notes, watch, vmMonitor } = recording();
    const { statuses, make, exit } = world({ vmMonitor });
    watch(statuses);
    const resizingDisabled = configWith((spec) => {
      spec["disable_lfc_resizing"] = true;
    });
    const compute = make(derived(resizingDisabled));
    const code = compute.run();
    await until(() => notes.length > 0);
    assert.deepEqual(notes, ["run while running, disable_lfc_resizing true"]);
    await compute.control.configure(configWith(), { wait: true });
    assert.deepEqual(notes.length, 1, "a later spec changes nothing");
    assert.equal(compute.control.scaling()?.listening, "127.0.0.1:1", "VM-30");
    exit({ code: 0, text: "exit status: 0" });
    await code;
    assert.deepEqual(notes.at(-1), "end");
  });

  it("VM-1: does not start after a start that failed", async () => {
    const { notes, vmMonitor } = recording();
    const { make } = world({ vmMonitor, catalog: { apply: () => Promise.reject(new Error("no")) } });
    assert.equal(await make(derived(configWith())).run(), 1);
    assert.deepEqual(notes, []);
  });
});
