import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../..", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "unit-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const shipped = readFileSync(join(project, "deploy/systemd/compute_ctl.service"), "utf8");

/** Writes a unit as it would be installed for this checkout, and has systemd read it. */
function verify(unit: string): { code: number | null; output: string } {
  const path = join(folder, "compute_ctl.service");
  writeFileSync(path, unit.replaceAll("/opt/compute_ctl/", project));
  const { status, stdout, stderr } = spawnSync("/usr/bin/systemd-analyze", ["verify", path], { encoding: "utf8" });
  return { code: status, output: stdout + stderr };
}

const exposureMax = 2;

/** Systemd's measure of what a service could do to its machine, from 0 to 10. */
function exposure(unit: string): number {
  const path = join(folder, "compute_ctl.service");
  writeFileSync(path, unit);
  const { stdout } = spawnSync("/usr/bin/systemd-analyze", ["security", "--offline=true", path], { encoding: "utf8" });
  return Number(/exposure level for \S+: (\d+\.\d+)/.exec(stdout)?.[1]);
}

const skip =
  spawnSync("/usr/bin/systemd-analyze", ["--version"]).status === 0
    ? false
    : "systemd-analyze (Debian package systemd) is not installed";

describe("deploy/systemd/compute_ctl.service", { skip }, () => {
  it("is a unit that systemd understands to the last word", () => {
    assert.deepEqual(verify(shipped), { code: 0, output: "" });
  });

  it("is exposed to little: at most 2 of 10 by systemd's own measure", () => {
    assert.ok(exposure(shipped) <= exposureMax, String(exposure(shipped)));
    assert.ok(exposure(shipped.replaceAll("SystemCallFilter=", "# ")) > exposureMax);
  });

  it("would be reported otherwise", () => {
    assert.match(verify(shipped.replace("KillMode=", "KillMoode=")).output, /Unknown key.*'KillMoode'/);
    assert.notEqual(verify(shipped.replace("bin/compute_ctl", "bin/compute")).code, 0);
  });
});
