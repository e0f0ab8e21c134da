/*
 * Test vectors of chapter 01 on the real program, with a script in the place of Postgres where that has to misbehave.
 * Others are next door: refreshes, spans and signals in this folder, starts that fail in ../faults.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startupMetricNames } from "../../../src/compute/startup-metrics.ts";
import { noRetries } from "../faults/outcomes.ts";
import type { ComputeProcess } from "../support/compute-process.ts";
import { type World, withWorld } from "../support/world.ts";
import { changesOf, refresh } from "./held-status.ts";
import { realPostgres, wrapPostgres } from "./wrapped-postgres.ts";

/** Runs the real one, but for `as`, a case of its own by the first argument. */
function postgresBut(world: World, as: { readonly [argument: string]: string }): string {
  const cases = Object.entries(as).map(([argument, script]) => `${argument}) ${script} ;;`);
  return `case "$1" in ${cases.join("\n")} esac\nexec ${realPostgres(world)} "$@"\n`;
}

/** A server that is ready at once and ends when it is told to; `$2` is the data directory. */
const pretendServer = [
  "trap 'rm -f \"$2/postmaster.pid\"; exit 0' INT",
  "trap 'rm -f \"$2/postmaster.pid\"; exit 5' USR1",
  'printf "%s\\n$2\\n0\\n0\\n\\n127.0.0.1\\n0\\nready\\n" $$ >"$2/postmaster.pid"',
  "while :; do sleep 0.02; done",
].join("\n");

/** Neon's build of Postgres, or what is in its place here, syncs the safekeepers. */
const byPostgres: readonly string[] = ["--sync-safekeepers=postgres"];

const untouchedCatalog = { skip_pg_catalog_updates: true } as const;

describe("sequences of statuses", () => {
  it("spec at start, later /terminate", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config() });
      await compute.waitFor("running");
      assert.equal((await compute.request("POST", "/terminate")).status, 200);
      assert.deepEqual(await compute.exited, { code: 0, signal: null });
      assert.deepEqual(changesOf(compute), [
        "empty to init",
        "init to running",
        "running to termination-pending-fast",
        "termination-pending-fast to terminated",
      ]);
    }));

  it("`postgres` exits 7 at start", () =>
    withWorld({}, async (world) => {
      const pgbin = await wrapPostgres(world, { postgres: postgresBut(world, { "-D": "exit 7" }) });
      const compute = await world.start({ config: world.config(), pgbin });
      await compute.waitFor("failed");
      assert.equal((await compute.status())?.error, "Postgres exited unexpectedly with code 7");
      assert.deepEqual(await compute.exited, { code: 1, signal: null });
      assert.deepEqual(changesOf(compute), ["empty to init", "init to failed"]);
    }));

  it("Primary, all six syncs fail, after pauses of 0, 1.1, 1.21, 1.331 and 1.4641 s", () =>
    withWorld({}, async (world) => {
      for (const safekeeper of world.storage.safekeepers) safekeeper.setFaults({ fault: { kind: "hang-up" } });
      const pgbin = await wrapPostgres(world, {
        postgres: postgresBut(world, { "--sync-safekeepers": "exit 3" }),
        libraries: ["neon"],
      });
      const beganAt = performance.now();
      const compute = await world.start({ config: world.config(), pgbin, args: byPostgres });
      await compute.waitFor("failed");
      assert.ok(performance.now() - beganAt > 5_000, "the pauses take 5.1 s");
      const cause = "postgres --sync-safekeepers exited with non-zero status: exit status: 3. stdout: ";
      assert.equal((await compute.status())?.error, `failed to sync safekeepers\n\nCaused by:\n    ${cause}`);
      const pauses = Array.from(compute.log().matchAll(/next try in (\d+) ms/g), ([, ms]) => Number(ms));
      assert.deepEqual(pauses, [0, 1100, 1210, 1331, 1464]);
      assert.deepEqual(await compute.exited, { code: 1, signal: null });
      assert.deepEqual(changesOf(compute), ["empty to init", "init to failed"]);
    }));

  it("reconfigure fails, then refresh with another pageserver string", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config() });
      await compute.waitFor("running");
      const databases = [{ name: "ledger", owner: "nobody_here", options: null }];
      const reply = await compute.request("POST", "/configure", { body: world.config({ cluster: { databases } }) });
      assert.equal(reply.status, 500, reply.text);
      assert.match((await compute.status())?.error ?? "", /nobody_here/, "T-9: the error can be read");
      const spec = { pageserver_connstring: world.storage.pageserverUrl.replace("no_user", "moved_user") };
      await world.write("config.json", JSON.stringify(world.config({ spec })));
      assert.equal((await refresh(compute)).status, 200);
      await compute.waitForLog(/from refresh-configuration to running\n/);
      assert.deepEqual(changesOf(compute), [
        "empty to init",
        "init to running",
        "running to configuration-pending",
        "configuration-pending to configuration",
        "configuration to failed",
        "failed to refresh-configuration-pending",
        "refresh-configuration-pending to refresh-configuration",
        "refresh-configuration to running",
      ]);
      assert.equal((await compute.status())?.error, null);
    }));
});

describe("what the final sync prints (LIFE-14, T-2)", () => {
  /** Starts with a real server and a sync that does as `script` says. */
  async function startSyncing(world: World, script: string): Promise<ComputeProcess> {
    const pgbin = await wrapPostgres(world, {
      postgres: postgresBut(world, { "--sync-safekeepers": script }),
      libraries: ["neon"],
    });
    const config = world.config({ spec: untouchedCatalog });
    const compute = await world.start({ config, pgbin, args: byPostgres });
    await compute.waitFor("running");
    return compute;
  }

  for (const [what, script] of [
    ["an LSN", "sleep 0.02; echo 0/1700000; exit 0"],
    ["an LSN between blanks", "sleep 0.02; printf ' 0/1700000 '; exit 0"],
  ] as const) {
    it(`${what}: it is the answer of /terminate, and the time is in the figures`, () =>
      withWorld({}, async (world) => {
        const compute = await startSyncing(world, script);
        const reply = await compute.request("POST", "/terminate");
        assert.deepEqual([reply.status, reply.text], [200, '{"lsn":"0/1700000"}']);
        assert.match(compute.log(), / INFO .*synced safekeepers lsn=0\/1700000\n/);
        const figures = new Map(Object.entries(JSON.parse((await compute.request("GET", "/metrics.json")).text)));
        assert.deepEqual([...figures.keys()], startupMetricNames);
        assert.ok(Number(figures.get("sync_safekeepers_ms")) >= 20, "a sync of 20 ms");
        assert.deepEqual(await compute.exited, { code: 0, signal: null });
      }));
  }

  for (const [what, script, says] of [
    ["nothing", "exit 0", /printed no LSN but ""/],
    ["nothing, and it exits 3", "exit 3", /exited with non-zero status: exit status: 3\. stdout: /],
  ] as const) {
    it(`${what}: /terminate is answered with 500, the status is failed, and the program ends with 1`, () =>
      withWorld({}, async (world) => {
        const compute = await startSyncing(world, script);
        const reply = await compute.request("POST", "/terminate");
        assert.equal(reply.status, 500);
        assert.match(String(Object.values(JSON.parse(reply.text))), says);
        assert.deepEqual(
          [(await compute.status())?.status, changesOf(compute).at(-1)],
          ["failed", "termination-pending-fast to failed"],
        );
        const refused = await refresh(compute);
        assert.equal(refused.text, '{"error":"Cannot refresh compute configuration in state Failed"}');
        assert.equal((await compute.request("POST", "/configure", { body: world.config() })).status, 412);
        assert.deepEqual(await compute.exited, { code: 1, signal: null });
      }));
  }
});

describe("exit codes", () => {
  it("Postgres ends by itself with code 5: so does the program", () =>
    withWorld({}, async (world) => {
      const pgbin = await wrapPostgres(world, { postgres: postgresBut(world, { "-D": pretendServer }) });
      const compute = await world.start({ config: world.config({ spec: untouchedCatalog }), pgbin });
      await compute.waitFor("running");
      process.kill(await compute.postgresPid(), "SIGUSR1");
      assert.deepEqual(await compute.exited, { code: 5, signal: null });
      assert.match(compute.log(), /Postgres exited with code exit status: 5, shutting down\n/);
    }));

  it("LIFE-74: a lakebase start that takes too long ends the program with 1, an empty compute may wait for ever", () =>
    withWorld({}, async (world) => {
      const args = ["--lakebase-mode", "true", "--pg-init-timeout", "1"];
      world.storage.pageserver.setFaults({ fault: { kind: "silent" } });
      const late = await world.start({ config: world.config(), args });
      assert.deepEqual(await late.exited, { code: 1, signal: null });
      assert.match(late.log(), / ERROR compute did not enter Running state in 1 seconds, exiting\n/);

      const empty = await world.start({ config: { compute_ctl_config: world.config().compute_ctl_config }, args });
      await empty.waitFor("empty");
      const waited = await empty.request("GET", "/status?wait_for=failed&timeout=1.5");
      assert.match(waited.text, /"status":"empty"/);
      assert.equal((await empty.request("POST", "/terminate")).status, 200);
      assert.deepEqual(await empty.exited, { code: 0, signal: null });
    }));

  it("T-3: no sync is tried when Postgres never ran, so that the error stays readable", () =>
    withWorld({}, async (world) => {
      world.storage.pageserver.setFaults({ fault: { kind: "hang-up" } });
      const pgbin = await wrapPostgres(world, {
        postgres: postgresBut(world, { "--sync-safekeepers": "exit 3" }),
        libraries: ["neon"],
      });
      const compute = await world.start({ config: world.config(), pgbin, env: noRetries, args: byPostgres });
      await compute.waitFor("failed");
      assert.doesNotMatch(compute.log(), /sync-safekeepers/);
      assert.deepEqual(await compute.exited, { code: 1, signal: null });
    }));
});

describe("the joiner of Postgres's lines (LIFE-87)", () => {
  const time = "2031-04-05 06:07:08.123 UTC [41] ";
  const join = "\u200B";

  /** Records on stderr when Postgres writes `pieces`, 300 ms apart, and ends. */
  async function recordsOf(world: World, pieces: readonly string[]): Promise<readonly string[]> {
    const script = [...pieces.map((piece) => `printf '${piece}' >&2`), "exit 7"].join("; sleep 0.3; ");
    const pgbin = await wrapPostgres(world, { postgres: postgresBut(world, { "-D": script }) });
    const compute = await world.start({ config: world.config(), pgbin });
    await compute.exited;
    return compute.log().match(/^PG:.*$/gm) ?? [];
  }

  it("keeps a record's lines together, by their times and by pauses", () =>
    withWorld({}, async (world) => {
      const pieces = [
        `${time}ERROR:  a\\n\\tb\\n${time}LOG:  c\\n`,
        "x\\n",
        "y\\n",
        "x\\n\\ny\\r\\n",
        "x\\n2031-04-05T06:07:08 z\\n",
        "not \\377 UTF-8\\n",
        "no end of line",
      ];
      assert.deepEqual(await recordsOf(world, pieces), [
        `PG:${time}ERROR:  a${join}\tb`,
        `PG:${time}LOG:  c`,
        "PG:x",
        "PG:y",
        `PG:x${join}${join}y`,
        `PG:x${join}2031-04-05T06:07:08 z`,
        "PG:not \uFFFD UTF-8",
        "PG:no end of line",
      ]);
    }));
});
