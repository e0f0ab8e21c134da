import assert from "node:assert/strict";
import test from "node:test";
import { setting } from "./sample-spec.ts";
import { settingsBlock } from "./settings-block.ts";

test("CONF-14: no settings, no block; an empty list, two comments with an empty line between", () => {
  assert.deepEqual(settingsBlock(null, []), { lines: [], warnings: [] });
  assert.deepEqual(settingsBlock([], []).lines, [
    "# Managed by compute_ctl: begin",
    "",
    "# Managed by compute_ctl: end",
  ]);
});

test("CONF-T2, chapter 02 trap 8: a setting that Postgres cannot read is left out with a warning that names it", () => {
  const block = settingsBlock([setting("a", "1"), setting("work_mem", null), setting("b c", "2")], []);
  assert.equal(block.lines[1], "a = '1'");
  assert.deepEqual(block.warnings, [
    'left the setting "work_mem" out: it has no value',
    'left the setting "b c" out: its name is not one that Postgres can read',
  ]);
});

test("CONF-T4: a setting that overrules a line above stays, with a warning without its value", () => {
  const ours = ["# Neon", "", "neon.tenant_id='aa'", "hot_standby=on", "ssl = on"];
  const block = settingsBlock(
    [setting("Neon.Tenant_ID", "secret"), setting("hot_standby", "on", "bool"), setting("port", "1")],
    ours,
  );
  assert.equal(block.lines[1], "Neon.Tenant_ID = 'secret'\nhot_standby = on\nport = '1'");
  assert.deepEqual(block.warnings, [
    "cluster.settings overrules neon.tenant_id, which the rest of the spec sets to another value",
  ]);
});

test("CONF-T4: of a setting that comes twice, the last one counts", () => {
  const twice = (first: string, last: string) =>
    settingsBlock([setting("ssl", first), setting("ssl", last)], ["ssl = on"]).warnings.length;
  assert.equal(twice("off", "on"), 0);
  assert.equal(twice("on", "off"), 1);
});

test("CONF-T6: the stripe size moves before the connection string, and nothing else moves", () => {
  const connstring = setting("neon.pageserver_connstring", "x");
  const size = setting("neon.stripe_size", "2048", "integer");
  const [a, b, c] = [setting("a", "1"), setting("b", "2"), setting("c", "3")];
  const wrong = settingsBlock([a, connstring, b, size, c], []);
  const right = settingsBlock([a, size, connstring, b, c], []);
  assert.deepEqual(wrong.lines, right.lines);
  assert.deepEqual(wrong.warnings, ["moved neon.stripe_size before neon.pageserver_connstring"]);
  assert.deepEqual(right.warnings, []);
});
