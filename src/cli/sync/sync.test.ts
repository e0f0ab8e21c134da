import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Cluster, clusterBranch, history } from "../../standin/acceptor/test-cluster.ts";
import type { Standing } from "../../standin/acceptor/test-timeline.ts";
import { createTokenAuthority } from "../../standin/token.ts";
import { UsageError } from "../arguments.ts";
import { readSyncOptions } from "./options.ts";

const program = fileURLToPath(new URL("../../main.ts", import.meta.url));
const { tenantId, timelineId } = clusterBranch;
const standing: Standing = {
  term: 5n,
  flushLsn: 0x1600100n,
  history: history([1n, 0x1500000n], [5n, 0x1600000n]),
  truncateLsn: 0x1600000n,
};
const behind: Standing = { ...standing, flushLsn: 0x1600000n };
const branchFlags = ["--tenant-id", tenantId, "--timeline-id", timelineId];

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program; `onStderr` may end it. */
async function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  onStderr: (text: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [program, "sync-safekeepers", ...args], { env });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    onStderr(stderr, (signal) => child.kill(signal));
  });
  const [code]: readonly (number | null)[] = await once(child, "close");
  return { code: code ?? null, stdout, stderr };
}

async function writeTemporary(t: TestContext, name: string, content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sync-safekeepers-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, name), content, { mode: 0o600 });
  return join(folder, name);
}

async function configOf(cluster: Cluster, spec: object): Promise<string> {
  const minimal = JSON.parse(
    await readFile(new URL("../../../test/fixtures/minimal.config.json", import.meta.url), "utf8"),
  );
  const branch = { tenant_id: tenantId, timeline_id: timelineId, safekeeper_connstrings: cluster.hostPorts };
  return JSON.stringify({ ...minimal, spec: { ...minimal.spec, ...branch, ...spec } });
}

describe("compute_ctl sync-safekeepers", () => {
  it("SK-22: prints the LSN alone, and progress on stderr", async (t) => {
    const cluster = await Cluster.start(t, [standing, behind, behind]);
    const list = cluster.hostPorts.join();
    const told = await run([...branchFlags, "--safekeepers", list, "--pg-version", "17.5"]);
    assert.deepEqual([told.code, told.stdout], [0, "0/1600100\n"], told.stderr);
    assert.match(told.stderr, /^connected to \d of 3 safekeepers$/m);
    assert.match(told.stderr, /^elected in term 6 by \d safekeepers; the log of \S+ counts, up to 0\/1600100$/m);
    for (const index of [0, 1, 2]) cluster.assertSettled(index, [...standing.history, { term: 6n, lsn: 0x1600100n }]);
    const again = await run([...branchFlags, "--safekeepers", list, "--pg-version=17", "--json"]);
    const { lsn, ms } = JSON.parse(again.stdout);
    assert.deepEqual([again.code, lsn, typeof ms], [0, "0/1600100", "number"]);
  });

  it("takes everything from a config, and a token of a file before the config's, and that before the variable", async (t) => {
    const tokens = await createTokenAuthority();
    const token = await tokens.issue({ scope: "tenant", tenant_id: tenantId });
    const cluster = await Cluster.start(t, [standing, behind, behind], { tokens });
    const withToken = await writeTemporary(t, "config.json", await configOf(cluster, { storage_auth_token: token }));
    const bare = await writeTemporary(t, "config.json", await configOf(cluster, {}));
    const wrong = await writeTemporary(t, "token", "wrong\n");
    const args = ["--pg-version", "170005", "-c"];

    const good = await run([...args, withToken], { NEON_AUTH_TOKEN: "wrong" });
    assert.deepEqual([good.code, good.stdout], [0, "0/1600100\n"], good.stderr);
    assert.deepEqual((await run([...args, bare], { NEON_AUTH_TOKEN: token })).code, 0);
    for (const [path, extra, env] of [
      [withToken, ["--token-file", wrong], {}],
      [bare, [], { NEON_AUTH_TOKEN: `${token}x` }],
    ] as const) {
      const refused = await run([...args, path, ...extra], env);
      assert.deepEqual([refused.code, refused.stdout], [4, ""], refused.stderr);
      assert.match(refused.stderr, /^error: failed to sync safekeepers: .*JWT authentication error/m);
      assert.equal(refused.stderr.includes(token), false);
    }
  });

  it("gives up in time with a line on each safekeeper and code 5", async (t) => {
    const cluster = await Cluster.start(t, [standing, behind, behind]);
    for (const index of [1, 2]) await cluster.safekeepers[index]?.close();
    const list = cluster.hostPorts.join();
    const late = await run([...branchFlags, "--safekeepers", list, "--pg-version", "17", "--timeout", "0.3"]);
    assert.deepEqual([late.code, late.stdout], [5, ""], late.stderr);
    const [one, two] = cluster.hostPorts;
    assert.match(
      late.stderr,
      new RegExp(`no agreement in time: ${one} is ready to vote, .*; ${two} is offline \\(.*ECONNREFUSED`),
    );
  });

  it("SK-23: ends at once with code 1 when a signal comes", async (t) => {
    const cluster = await Cluster.start(t, [standing, behind, behind]);
    for (const index of [1, 2]) await cluster.safekeepers[index]?.close();
    const args = [...branchFlags, "--safekeepers", cluster.hostPorts.join(), "--pg-version", "17"];
    let sent = false;
    const ended = await run(args, {}, (text, kill) => {
      if (sent || !text.includes("connected to 1 of 3")) return;
      sent = true;
      kill("SIGTERM");
    });
    assert.deepEqual([ended.code, ended.stdout], [1, ""]);
    assert.match(ended.stderr, /^error: interrupted by SIGTERM$/m);
  });

  it("says what is wrong with a config, or that its compute writes no WAL", async (t) => {
    const cluster = await Cluster.start(t, []);
    const replica = await writeTemporary(t, "config.json", await configOf(cluster, { mode: "Replica" }));
    const broken = await writeTemporary(t, "config.json", '{"spec": {}');
    for (const [path, expected] of [
      [replica, /is the config of a replica compute; only that of a primary is synced/],
      [broken, /config\.json/],
      ["/nowhere/config.json", /\/nowhere\/config\.json/],
    ] as const) {
      const told = await run(["-c", path, "--pg-version", "17"]);
      assert.deepEqual([told.code, told.stdout], [1, ""]);
      assert.match(told.stderr, expected);
    }
  });

  it("prints its help, and ends with 2 on a wrong command line or a Postgres without a version", async () => {
    const help = await run(["--help"]);
    assert.equal(help.code, 0);
    for (const word of ["--safekeepers <LIST>", "NEON_AUTH_TOKEN", "a primary that still writes", "4 they refuse"]) {
      assert.ok(help.stdout.includes(word), word);
    }
    const wrong = await run(["--safekeepers"]);
    assert.deepEqual([wrong.code, wrong.stdout], [2, ""]);
    const list = ["--safekeepers", "h:1"];
    const noPostgres = await run([...branchFlags, ...list, "--pgbin", "/nowhere/postgres"]);
    assert.equal(noPostgres.code, 2);
    assert.match(noPostgres.stderr, /give --pg-version, or a --pgbin that can be asked: /);
    const noToken = await run([...branchFlags, ...list, "--pg-version", "17", "--token-file", "/nowhere/token"]);
    assert.equal(noToken.code, 2);
    assert.match(noToken.stderr, /the token file cannot be read/);
  });
});

describe("its command line", () => {
  const flags = [...branchFlags, "--safekeepers", "sk1:1,sk2:2"];

  it("SK-30: takes the generation of the list or of its flag, 0 without", () => {
    const generation = (...args: readonly string[]): number | null => {
      const options = readSyncOptions([...branchFlags, ...args], undefined);
      assert.ok(options?.target.kind === "flags");
      return options.target.safekeepers.generation;
    };
    assert.equal(generation("--safekeepers", "sk:1"), 0);
    assert.equal(generation("--safekeepers", "g#7:sk:1,sk2:2"), 7);
    assert.equal(generation("--safekeepers", "sk:1", "--generation", "4"), 4);
  });

  it("SK-32: reads a version of Postgres in every form", () => {
    for (const [text, version] of [
      ["17", 170_000],
      ["17.5", 170_005],
      ["160011", 160_011],
    ] as const) {
      assert.equal(readSyncOptions([...flags, "--pg-version", text], undefined)?.pgVersion, version);
    }
    assert.deepEqual(readSyncOptions(flags, "/env/postgres")?.pgbin, "/env/postgres");
    assert.deepEqual(readSyncOptions([...flags, "-b", "/flag/postgres"], "/env/postgres")?.pgbin, "/flag/postgres");
  });

  it("refuses what cannot be used", () => {
    for (const [args, expected] of [
      [[], /'--tenant-id' is required, or '--config'/],
      [branchFlags, /'--safekeepers' is required/],
      [["-c", "x", "--generation", "1"], /'--config' cannot be used with '--generation'/],
      [["--tenant-id", "xyz", "--timeline-id", timelineId, "--safekeepers", "a:1"], /'xyz' for '--tenant-id'/],
      [[...branchFlags, "--safekeepers", "g#1:a:1", "--generation", "1"], /begins with g#/],
      [[...flags, "--generation", "4294967296"], /'--generation'/],
      [[...flags, "--generation=-1"], /'--generation'/],
      [[...flags, "--pg-version", "13"], /'--pg-version'/],
      [[...flags, "--pg-version", "0"], /'--pg-version'/],
      [[...flags, "--protocol-version", "1"], /it is 2 or 3/],
      [[...flags, "--timeout", "0"], /'--timeout'/],
      [[...flags, "--timeout", "1e3"], /'--timeout'/],
      [[...flags, "more"], /unexpected argument 'more'/],
    ] as const) {
      assert.throws(
        () => readSyncOptions(args, undefined),
        (error) => error instanceof UsageError && expected.test(error.message),
        args.join(" "),
      );
    }
  });
});
