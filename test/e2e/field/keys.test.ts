import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, stat, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { computeCtl, withWorld } from "../support/world.ts";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(computeCtl, args, { env: {} }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

describe("compute_ctl keygen and token (FIELD-16)", () => {
  for (const algorithm of ["EdDSA", "RS256"]) {
    it(`make a config's keys and tokens that a compute takes, by ${algorithm}`, () =>
      withWorld({}, async (world) => {
        const key = world.path("key.pem");
        const made = await run("keygen", "--out", key, "--algorithm", algorithm);
        assert.deepEqual([made.code, made.stderr], [0, ""]);
        assert.equal((await stat(key)).mode & 0o777, 0o600);
        assert.doesNotMatch(made.stdout, /PRIVATE|"d"/);
        const compute = await world.start({ config: { compute_ctl_config: { jwks: JSON.parse(made.stdout) } } });

        const statusWith = async (...args: readonly string[]): Promise<number> => {
          const { code, stdout, stderr } = await run("token", "--key", key, ...args);
          assert.deepEqual([code, stderr], [0, ""]);
          return (await compute.request("GET", "/status", { token: stdout.trim() })).status;
        };
        await compute.waitForLog(/external HTTP server listening/);
        assert.equal(await statusWith("--admin"), 200);
        assert.equal(await statusWith("--compute-id", "compute-e2e"), 200);
        assert.equal(await statusWith("--compute-id", "another"), 403);
        await compute.waitForLog(/the token is for another compute/);

        const { stdout } = await run("token", "--key", key, "--admin", "--expires-in", "90");
        const [, payload = ""] = stdout.split(".");
        const { iat, exp } = JSON.parse(Buffer.from(payload, "base64url").toString());
        assert.equal(exp - iat, 90);
      }));
  }

  it("write no key over another one unless told to, and leave nothing else behind", () =>
    withWorld({}, async (world) => {
      const key = world.path("key.pem");
      await run("keygen", "--out", key);
      const first = await readFile(key, "utf8");
      const again = await run("keygen", "--out", key);
      assert.deepEqual([again.code, again.stdout], [1, ""]);
      assert.match(again.stderr, /is there already.*--force/);
      assert.equal(await readFile(key, "utf8"), first);
      assert.equal((await run("keygen", "--out", key, "--force")).code, 0);
      assert.notEqual(await readFile(key, "utf8"), first);
      assert.equal((await stat(key)).mode & 0o777, 0o600);
      assert.equal((await run("keygen", "--out", "/nowhere/key.pem")).code, 1);
    }));

  it("say what is wrong with a key and a command line", () =>
    withWorld({}, async (world) => {
      const noKey = world.path("no-key.pem");
      await writeFile(noKey, "made-up secret");
      const refused = await run("token", "--key", noKey, "--admin");
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /no-key\.pem holds no private key/);
      assert.doesNotMatch(refused.stderr, /made-up/);
      assert.equal((await run("token", "--key", "/nowhere", "--admin")).code, 1);
      for (const [args, reason] of [
        [["token", "--admin"], /'--key <FILE>' is required/],
        [["token", "--key", noKey], /one of --compute-id and --admin is required/],
        [["token", "--key", noKey, "--admin", "--compute-id", "x"], /one of --compute-id and --admin/],
        [["token", "--key", noKey, "--admin", "--expires-in", "0"], /number of seconds from 1 up/],
        [["keygen"], /'--out <FILE>' is required/],
        [["keygen", "--out", "x", "--algorithm", "HS256"], /'EdDSA' or 'RS256'/],
      ] as const) {
        const { code, stderr } = await run(...args);
        assert.equal(code, 2, stderr);
        assert.match(stderr, reason);
      }
      for (const command of ["keygen", "token"])
        assert.match((await run(command, "--help")).stdout, /Exit codes: 0 done/);
      assert.match((await run("--help")).stdout, /keygen +make a key pair/);
    }));
});
