import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { describe, it } from "node:test";
import { computeCtl, withWorld } from "./support/world.ts";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function plan(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(computeCtl, ["plan", ...args], { env: {} }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

const secret =
  "SCRAM-SHA-256$4096:ABEiM0RVZneImaq7zN3u/w==$k/zrlGd+P+DH9yqsyS55+qcXiHmwBqs1A/R3V+F9RMc=:1Y/pmTye7rOvkIY2Ipw14rhGjvxMsYyRqFZ0ec2HmMA=";

describe("compute_ctl plan", () => {
  it("says what an apply would do and why, and nothing once it is done", () =>
    withWorld({}, async (world) => {
      const config = world.config();
      const compute = await world.start({ config });
      await compute.waitFor("running");
      const connstr = `postgresql://cloud_admin@127.0.0.1:${compute.ports.postgres}/postgres`;
      const applied = await world.write("applied.json", JSON.stringify(config));
      assert.deepEqual(await plan("-c", applied, "-C", connstr), {
        code: 0,
        stdout:
          "warning: extension neon is not available on this server: skipped\nnothing to change: the catalog is as the spec wants it\n",
        stderr: "",
      });

      const wished = world.config({
        cluster: {
          roles: [{ name: "ann", encrypted_password: secret }],
          databases: [{ name: "ann's", owner: "ann" }],
        },
      });
      const wishedFile = await world.write("wished.json", JSON.stringify(wished));
      const saved = world.path("catalog.json");
      const told = await plan("-c", wishedFile, "-C", connstr, "--save-catalog", saved);
      assert.equal(told.code, 10, told.stderr);
      assert.match(told.stdout, /ann/);
      assert.match(told.stdout, /ann's/);
      assert.ok(!told.stdout.includes("SCRAM-SHA-256$"), "no verifier is printed");
      assert.equal((await stat(saved)).mode & 0o777, 0o600, "the saved catalog holds verifiers");
      assert.ok((await readFile(saved, "utf8")).length > 0);

      const again = await plan("-c", wishedFile, "--catalog", saved, "--json");
      assert.equal(again.code, 10, again.stderr);
      assert.equal(JSON.parse(again.stdout).changes, true);
      compute.signal("SIGTERM");
      await compute.exited;
    }));

  it("refuses what it cannot use, by exit codes that scripts can trust", async () => {
    assert.equal((await plan()).code, 2);
    assert.equal((await plan("-c", "/nowhere.json", "-C", "x", "--catalog", "y")).code, 2);
    const missing = await plan("-c", "/nowhere.json", "-C", "postgresql://a@127.0.0.1:1/b");
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /cannot read \/nowhere\.json/);
    assert.match((await plan("--help")).stdout, /Exit codes: 0 nothing would change/);
  });
});

describe("--drift-check-interval", () => {
  it("tells in the log and by a metric when the catalog is not as the spec wants it any more", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config(), args: ["--drift-check-interval", "1"] });
      await compute.waitFor("running");
      await compute.waitForLog(/check_drift: no drift/);
      const client = await compute.connect({ user: "cloud_admin", database: "postgres" });
      await client.query("DROP TABLE public.health_check");
      await compute.waitForLog(/WARN check_drift: the catalog has drifted: health check 1/);
      const { text } = await compute.request("GET", "/metrics");
      assert.match(text, /^compute_ctl_catalog_drift_steps\{phase="health check"\} 1$/m);
      compute.signal("SIGTERM");
      await compute.exited;
    }));
});
