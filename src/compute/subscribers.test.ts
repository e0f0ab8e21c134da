import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Config } from "../spec/types.ts";
import { configWith, derived, until, world } from "./test-world.ts";

const asked = (changes: Record<string, unknown> = {}): Config =>
  configWith((spec) => {
    Object.assign(spec, { drop_subscriptions_before_start: true, ...changes });
  });

/** What postgresql.conf says of subscribers, and when the catalog is applied, from a start through reconfigurations. */
async function story(start: Config, ...reconfigurations: readonly Config[]): Promise<readonly string[]> {
  const seen: string[] = [];
  const writeConf = async (text: string): Promise<boolean> => {
    seen.push(/disable_logical_replication_subscribers=true$/m.test(text) ? "off" : "on");
    return true;
  };
  const apply = async (): Promise<void> => void seen.push("apply");
  const { make, statuses, exit } = world({ pgdata: { writeConf }, catalog: { apply } });
  const compute = make(derived(start));
  const code = compute.run();
  await until(() => statuses.includes("running"));
  for (const config of reconfigurations) {
    seen.push("|");
    assert.equal((await compute.control.configure(config, { wait: true })).kind, "running");
  }
  exit({ code: 0, text: "exit status: 0" });
  await code;
  return seen;
}

describe("subscribers (APPLY-42, T17, SPEC-64)", () => {
  it("are off until the start has dropped the subscriptions, and stay on after any reconfiguration (CONF-T9)", async () => {
    const seen = await story(asked(), asked({ project_id: "other" }));
    assert.deepEqual(seen, ["off", "apply", "on", "|", "on", "apply"]);
  });

  it("T17: stay off after a start that may not touch the catalog, until a reconfiguration has dropped the subscriptions", async () => {
    const skipping = { skip_pg_catalog_updates: true };
    const seen = await story(
      asked(skipping),
      asked({ ...skipping, project_id: "other" }),
      asked(),
      asked({ project_id: "third" }),
    );
    assert.deepEqual(seen, ["off", "|", "off", "|", "off", "apply", "on", "|", "on", "apply"]);
  });

  it("T17: are on as soon as a reconfiguration no longer asks for the cleanup", async () => {
    const seen = await story(asked({ skip_pg_catalog_updates: true }), configWith());
    assert.deepEqual(seen, ["off", "|", "on", "apply"]);
  });
});
