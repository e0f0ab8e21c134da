import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { computeCtl } from "./support/world.ts";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An empty PATH: no Postgres is found unless one is named. */
function checkConfig(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(computeCtl, ["check-config", ...args], { env: { PATH: "/nowhere" } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

function path(name: string): string {
  return new URL(`../fixtures/${name}`, import.meta.url).pathname;
}

describe("compute_ctl check-config", () => {
  it("says that a config is good, and that Postgres was not asked where there is none", async () => {
    const { code, stdout, stderr } = await checkConfig("-c", path("minimal.config.json"));
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /minimal\.config\.json is good: Postgres was not asked, \d+ warnings?\./);
    assert.match(stdout, /- Postgres was not asked: no Postgres at \/nowhere\/postgres/);
  });

  it("SPEC-17: refuses what cannot be decoded or derived with 1, all problems on stdout, also as JSON", async () => {
    for (const [name, reason] of [
      ["mode-lowercase", /spec\.mode: unknown variant `primary`.*\n.*hint: write "Primary"/],
      ["no-pageserver", /pageserver connection information should be provided/],
      ["trailing-comma", /trailing comma/],
    ] as const) {
      const told = await checkConfig("-c", path(`invalid/${name}.json`), "--no-postgres");
      assert.deepEqual([told.code, told.stderr], [1, ""]);
      assert.match(told.stdout, reason);
      const { good, problems } = JSON.parse(
        (await checkConfig("-c", path(`invalid/${name}.json`), "--no-postgres", "--json")).stdout,
      );
      assert.equal(good, false);
      assert.ok(problems.length > 0);
    }
  });

  it("chapter 04 §14.12: prints the file alone, and only that goes to stdout", async () => {
    const spec = path("postgresql-conf/primary-minimal/spec.json");
    const { code, stdout } = await checkConfig("-c", spec, "--no-postgres", "--print-config");
    assert.deepEqual([code, stdout], [0, readFileSync(path("postgresql-conf/primary-minimal/expected.conf"), "utf8")]);
    const bad = await checkConfig("-c", path("invalid/no-pageserver.json"), "--no-postgres", "--print-config");
    assert.deepEqual([bad.code, bad.stdout], [1, ""]);
    assert.match(bad.stderr, /cannot be used/);
  });

  it("warns of a port at which the compute would not find its Postgres", async () => {
    const connstr = "postgresql://cloud_admin@127.0.0.1:5999/postgres";
    const { stdout } = await checkConfig("-c", path("primary.config.json"), "--no-postgres", "-C", connstr);
    assert.match(stdout, /Postgres will listen on port 5432, but --connstr names port 5999/);
  });

  it("prints the published schema", async () => {
    const published = readFileSync(new URL("../../docs/config.schema.json", import.meta.url), "utf8");
    assert.deepEqual(await checkConfig("--schema"), { code: 0, stdout: published, stderr: "" });
  });

  it("refuses a command line that it cannot use with 2, and what it cannot check with 1", async () => {
    const config = path("minimal.config.json");
    for (const args of [
      [],
      ["-c", config, "--no-postgres", "-b", "x"],
      ["-c", config, "--json", "--print-config"],
      ["-c", config, "--lakebase-mode"],
      ["-c", config, "--internal-http-port", "70000"],
    ])
      assert.equal((await checkConfig(...args)).code, 2, args.join(" "));
    const named = await checkConfig("-c", config, "-b", "/nowhere/postgres");
    assert.equal(named.code, 1);
    assert.match(named.stderr, /no Postgres at \/nowhere\/postgres/);
    assert.match((await checkConfig("-c", "/nowhere.json")).stderr, /cannot read \/nowhere\.json/);
    assert.match((await checkConfig("--help")).stdout, /Exit codes: 0 the config is good/);
  });
});
