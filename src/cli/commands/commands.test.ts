import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type FakeApi, nobodyUrl, type Reply, startFakeApi, statusObject } from "../../client/test-server.ts";
import { commandTable } from "./command-table.ts";

const program = fileURLToPath(new URL("../../main.ts", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;
let api: FakeApi | undefined;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "commands-"));
});
after(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  await api?.close();
  api = undefined;
});

/** Serves by path, or the same to every request. */
async function serve(replies: Readonly<Record<string, Reply>>): Promise<void> {
  api = await startFakeApi(({ target }) => replies[target.split("?")[0] ?? ""] ?? { status: 404 });
}

function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const env = { ...process.env, COMPUTE_CTL_TOKEN: "", ...environment };
  return spawn(process.execPath, [program, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
}

async function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = start(args, environment);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  await once(child, "close");
  return { code: child.exitCode, stdout, stderr };
}

/** Runs a subcommand against the server of the test. */
function ask(command: string, ...args: readonly string[]): Promise<Ended> {
  return run([command, "--url", api?.url ?? "", ...args]);
}

const running: Reply = { status: 200, body: statusObject("running") };
const timeline: Reply = {
  status: 200,
  body: {
    phases: [{ name: "basebackup", start_ms: 10, end_ms: 30 }],
    changes: [
      { status: "init", at: "2031-04-05T06:07:08Z" },
      { status: "running", at: "2031-04-05T06:07:09.5Z" },
    ],
  },
};
const noToken: Reply = { status: 400, body: { error: "invalid authorization token" } };

describe("compute_ctl status", () => {
  it("prints a table and the waterfall of the start", async () => {
    await serve({ "/status": running, "/timeline": timeline });
    assert.deepEqual(await ask("status"), {
      code: 0,
      stderr: "",
      stdout: `status       running
since        2031-04-05T06:07:09.5Z
started      2031-04-05T06:07:08.12Z
tenant       11111111111111111111111111111111
timeline     22222222222222222222222222222222
last active  -
error        -

phase        start ms    took ms
basebackup       10.0       20.0  ========================================
`,
    });
  });

  it("prints JSON for programs, and does without a timeline", async () => {
    await serve({ "/status": running });
    const { code, stdout } = await ask("status", "--json");
    const unknown = { detail: null, since: null, phases: null };
    assert.deepEqual([code, JSON.parse(stdout)], [0, { ...statusObject("running"), ...unknown }]);
  });

  it("exits with 1 for a failed compute, after the table", async () => {
    await serve({ "/status": { status: 200, body: statusObject("failed", { error: "no base backup" }) } });
    const { code, stdout } = await ask("status");
    assert.equal(code, 1);
    assert.match(stdout, /^status +failed\n/);
    assert.match(stdout, /\nerror +no base backup\n$/);
  });
});

describe("compute_ctl probe", () => {
  it("FIELD-2: is done for a compute that is ready, without a token", async () => {
    await serve({ "/readyz": { status: 200, body: { status: "running" } } });
    assert.deepEqual(await ask("probe"), { code: 0, stdout: "ready\n", stderr: "" });
    assert.equal((await ask("probe", "--json")).stdout, '{"ready":true}\n');
  });

  it("FIELD-2: exits with 1 for one that is not, which may be alive nevertheless", async () => {
    await serve({
      "/readyz": { status: 503, body: { status: "init" } },
      "/healthz": { status: 200, body: { status: "ok" } },
    });
    assert.deepEqual(await ask("probe"), { code: 1, stdout: "", stderr: "error: the compute is not ready\n" });
    assert.deepEqual(await ask("probe", "--live"), { code: 0, stdout: "alive\n", stderr: "" });
  });

  it("exits with 3 where nobody answers", async () => {
    assert.equal((await run(["probe", "--url", await nobodyUrl()])).code, 3);
  });
});

describe("compute_ctl configure", () => {
  it("sends the file as it stands and prints the status, or the operation when it is not to wait", async () => {
    const config = '{"spec":{"n":18446744073709551615}, "compute_ctl_config":{}}\n';
    const path = join(folder, "config.json");
    await writeFile(path, config);
    const operation = { id: "op-7", kind: "configure", state: "running", error: null };
    const times = { started_at: "2031-04-05T06:07:08Z", ended_at: null };
    api = await startFakeApi(({ target }) =>
      target.endsWith("wait=false") ? { status: 202, body: { ...operation, ...times } } : running,
    );
    assert.deepEqual(await ask("configure", "-c", path), { code: 0, stdout: "running\n", stderr: "" });
    assert.deepEqual(await ask("configure", "-c", path, "--no-wait"), { code: 0, stdout: "op-7\n", stderr: "" });
    assert.deepEqual(JSON.parse((await ask("configure", "-c", path, "--json")).stdout), statusObject("running"));
    assert.deepEqual(
      api.asked.map(({ body }) => body),
      [config, config, config],
    );
  });

  it("exits with 1 and the reason when the compute refuses", async () => {
    const path = join(folder, "refused.json");
    await writeFile(path, "{}");
    await serve({ "/configure": { status: 412, body: { error: "invalid compute status: init" } } });
    assert.deepEqual(await ask("configure", "-c", path), {
      code: 1,
      stdout: "",
      stderr: "error: invalid compute status: init\n",
    });
  });
});

describe("compute_ctl terminate", () => {
  it("prints the LSN alone, so that a script can take it", async () => {
    await serve({ "/terminate": { status: 200, body: { lsn: "0/16B3748" } } });
    assert.deepEqual(await ask("terminate"), { code: 0, stdout: "0/16B3748\n", stderr: "" });
    assert.equal((await ask("terminate", "--mode", "immediate", "--force", "--json")).stdout, '{"lsn":"0/16B3748"}\n');
    assert.deepEqual(
      api?.asked.map(({ target }) => target),
      ["/terminate?mode=fast&join=true", "/terminate?mode=immediate&force=true&join=true"],
    );
  });

  it("says when there is none", async () => {
    await serve({ "/terminate": { status: 200, body: { lsn: null } } });
    assert.equal((await ask("terminate")).stdout, "none\n");
  });
});

describe("compute_ctl wait", () => {
  it("ends well with the status that was wanted, in either spelling", async () => {
    await serve({ "/status": { status: 200, body: statusObject("configuration_pending") } });
    const { code, stdout } = await ask("wait", "--for", "running,configuration-pending");
    assert.deepEqual([code, stdout], [0, "configuration_pending\n"]);
  });

  it("exits with 1 when the compute has failed, with 5 when the time is up", async () => {
    await serve({ "/status": { status: 200, body: statusObject("failed", { error: "no base backup" }) } });
    const failed = await ask("wait");
    assert.deepEqual([failed.code, failed.stderr], [1, "error: the compute is failed: no base backup\n"]);
    await api?.close();
    await serve({ "/status": { status: 200, body: statusObject("init") } });
    const late = await ask("wait", "--timeout", "0.3");
    assert.equal(late.code, 5);
    assert.match(
      late.stderr,
      /^error: waiting for the compute to be running.* \(it is init\) took longer than 300 ms\n$/,
    );
  });
});

describe("compute_ctl logs", () => {
  it("prints lines that cannot play with the terminal, or JSON", async () => {
    await serve({ "/logs": { status: 200, body: { lines: ["one", "two \u001b[2J"] } } });
    assert.equal((await ask("logs", "-n", "2")).stdout, "one\ntwo \\x1b[2J\n");
    assert.equal((await ask("logs", "--json")).stdout, '{"line":"one"}\n{"line":"two \\u001b[2J"}\n');
    assert.deepEqual(
      api?.asked.map(({ target }) => target),
      ["/logs?lines=2", "/logs?lines=100"],
    );
  });

  it("follows until the compute is gone", async () => {
    const said = [["one"], ["one", "two"], ["two", "three"]];
    api = await startFakeApi((_asked, count): Reply => {
      const lines = said[count - 1];
      return lines === undefined ? "break" : { status: 200, body: { lines } };
    });
    const { code, stdout } = await ask("logs", "--follow");
    assert.deepEqual([code, stdout], [3, "one\ntwo\nthree\n"]);
  });

  it("ends without a word when the reader has enough", async () => {
    api = await startFakeApi((_asked, count) => ({ status: 200, body: { lines: [`line ${count}`] } }));
    const child = start(["logs", "--follow", "--url", api?.url ?? ""]);
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.stdout.once("data", () => child.stdout.destroy());
    await once(child, "close");
    assert.deepEqual([child.exitCode, stderr], [0, ""]);
  });
});

describe("every subcommand", () => {
  const minimal: Readonly<Record<string, readonly string[]>> = { configure: ["-c", "/dev/null"] };

  it("exits with 3 when nobody answers, with 4 when the token is refused", async () => {
    const nobody = await nobodyUrl();
    api = await startFakeApi(() => noToken);
    for (const { name } of commandTable) {
      const extra = [...(minimal[name] ?? []), "--timeout", "0.5"];
      const unreachable = await run([name, "--url", nobody, ...extra]);
      assert.deepEqual([unreachable.code, unreachable.stdout], [3, ""], name);
      assert.match(unreachable.stderr, /^error: no answer from http:.*ECONNREFUSED/);
      assert.deepEqual(await ask(name, ...extra), {
        code: 4,
        stdout: "",
        stderr: "error: invalid authorization token\n",
      });
    }
  });

  it("exits with 5 when the answer does not come in time", async () => {
    api = await startFakeApi(() => "silence");
    const { code, stderr } = await ask("status", "--timeout", "0.2");
    assert.equal(code, 5);
    assert.match(stderr, /^error: GET \/(status|timeline) took longer than 200 ms\n$/);
  });

  it("exits with 2 for a command line that cannot be used, and asks nobody", async () => {
    await serve({});
    const unusable: readonly (readonly string[])[] = [
      ["status", "--nonsense"],
      ["status", "extra"],
      ["status", "--url", "x"],
      ["status", "--timeout", "0"],
      ["status", "--json", "--json"],
      ["status", "--token", "a", "--token-file", "b"],
      ["status", "--token-file", join(folder, "missing")],
      ["status", "--token", "a b"],
      ["configure"],
      ["configure", "-c", join(folder, "missing")],
      ["terminate", "--mode", "slow"],
      ["wait", "--for", "happy"],
      ["logs", "--lines", "many"],
      ["statu"],
    ];
    for (const args of unusable) {
      const { code, stdout, stderr } = await run(args);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
      assert.match(stderr, /^error: /);
    }
    assert.equal(api?.asked.length, 0);
  });

  it("takes its token from a file, the command line or the environment", async () => {
    await serve({ "/logs": { status: 200, body: { lines: [] } } });
    const path = join(folder, "token");
    await writeFile(path, "from-file\n");
    const url = ["logs", "--url", api?.url ?? ""];
    await run([...url, "--token-file", path], { COMPUTE_CTL_TOKEN: "from-environment" });
    await run([...url, "--token", "from-line"], { COMPUTE_CTL_TOKEN: "from-environment" });
    await run(url, { COMPUTE_CTL_TOKEN: "from-environment" });
    await run(url);
    assert.deepEqual(
      api?.asked.map(({ authorization }) => authorization),
      ["Bearer from-file", "Bearer from-line", "Bearer from-environment", undefined],
    );
  });

  it("explains itself", async () => {
    for (const { name, help } of commandTable) {
      const { code, stdout } = await run([name, "--help"]);
      assert.equal(code, 0);
      assert.ok(stdout.startsWith(`compute_ctl ${name}: ${help}\n\nUsage: compute_ctl ${name} [options]\n`), name);
      for (const option of ["--url", "--token-file", "--timeout", "--json"]) assert.ok(stdout.includes(option), option);
    }
  });
});
