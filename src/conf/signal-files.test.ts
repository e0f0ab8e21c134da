import assert from "node:assert/strict";
import test from "node:test";
import { signalSteps } from "./signal-files.ts";

const none = { neon: false, zenith: false, standby: false };

test("CONF-60, BASE-54: zenith.signal becomes neon.signal only when that is missing", () => {
  assert.equal(signalSteps({ ...none, zenith: true }, "primary").copyZenithToNeon, true);
  assert.equal(signalSteps({ ...none, zenith: true, neon: true }, "primary").copyZenithToNeon, false);
  assert.equal(signalSteps(none, "primary").copyZenithToNeon, false);
});

test("CONF-65: static and replica are standbys, a primary never is", () => {
  assert.equal(signalSteps(none, "static").createStandby, true);
  assert.equal(signalSteps(none, "replica").createStandby, true);
  assert.equal(signalSteps({ ...none, standby: true }, "replica").createStandby, false);
  assert.equal(signalSteps(none, "primary").createStandby, false);
});
