import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startCompute } from "../../../src/standin/demo/compute.ts";
import { watchStart } from "../../../src/standin/demo/compute-api.ts";
import { prepareCompute } from "../../../src/standin/demo/prepare-compute.ts";
import { startStorage } from "../../../src/standin/storage.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));
const buildMsMax = 120_000;

let folder: string;
let dist: string;

async function build(out: string, ...more: readonly string[]): Promise<string> {
  const args = [join(root, "scripts/build.ts"), "--out", join(folder, out), ...more];
  await run(process.execPath, args, { cwd: root, timeout: buildMsMax });
  return join(folder, out);
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "shipping-"));
  await chmod(folder, 0o755);
  dist = await build("dist");
});
after(() => rm(folder, { recursive: true, force: true }));

describe("the executable", () => {
  it("CLI-9: runs the main job alone in an empty folder, with an empty environment", async (t) => {
    const alone = join(folder, "alone");
    await mkdir(alone);
    const command = join(alone, "compute_ctl");
    await copyFile(join(dist, "compute_ctl"), command);
    const workdir = await mkdtemp(join(folder, "compute-"));
    await chmod(workdir, 0o755);
    const storage = await startStorage({ major: 17, workdir, tokens: true, safekeepers: 3 });
    t.after(storage.close);
    const { api, args, ports } = await prepareCompute(storage, workdir);
    const compute = startCompute({
      command: "/usr/bin/env",
      args: ["-i", command, ...args],
      pgdata: join(workdir, "pgdata"),
      logFile: join(workdir, "compute.log"),
      verbose: false,
      show: () => {},
    });
    t.after(compute.stop);
    const gone = new AbortController();
    void compute.ended.then((how) => gone.abort(new Error(`${how}\n${compute.lastLines().join("\n")}`)));
    const seen: string[] = [];
    for await (const { kind } of watchStart(api, gone.signal)) {
      seen.push(kind);
      if (kind === "running") break;
    }
    assert.equal(seen.at(-1), "running", String(gone.signal.reason));

    const asked = [`http://127.0.0.1:${ports.external}`, "--token-file", join(workdir, "token")];
    await writeFile(join(workdir, "token"), api.token, { mode: 0o600 });
    const { stdout } = await run(command, ["status", "--url", ...asked], { env: {} });
    assert.match(stdout, /running/);
    const openapi = await fetch(`${api.url}/openapi.yaml`);
    assert.equal(await openapi.text(), await readFile(join(root, "docs/behaviour/openapi.yaml"), "utf8"));
    for (const [path, file] of [
      ["/ui", "index.html"],
      ["/ui/page.js", "page.js"],
    ]) {
      const part = await fetch(`http://127.0.0.1:${ports.internal}${path}`);
      assert.equal(await part.text(), await readFile(join(root, `src/http/status-page/files/${file}`), "utf8"));
    }
    const news = await fetch(`http://127.0.0.1:${ports.internal}/ui/state`);
    assert.match(await news.text(), /"overview":\{"status":"running"/);

    await compute.stop();
    assert.equal(await compute.ended, "exit code 1");
  });

  it("tells its version and its options, and takes none of Node's", async () => {
    const command = join(dist, "compute_ctl");
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    assert.equal((await run(command, ["--version"], { env: {} })).stdout, `compute_ctl ${version}\n`);
    assert.match((await run(command, ["--help"], { env: {} })).stdout, /--pgdata/);
    await assert.rejects(run(command, ["-e", "0"], { env: {} }), { code: 2 });
    const { stderr } = await run(command, ["--version"], { env: { NODE_OPTIONS: "--no-such-option" } });
    assert.equal(stderr, "");
  });

  it("is the same to the last byte when it is built again from the same recording, and so is all the rest", async () => {
    const again = await build("again", "--code-cache", join(dist, "code-cache"));
    const { stdout } = await run("diff", ["-r", dist, again]);
    assert.equal(stdout, "");
    await rm(again, { recursive: true });
  });

  it("comes with the licenses of all that is inside, and a bill of materials", async () => {
    const licenses = await readFile(join(dist, "THIRD-PARTY-LICENSES.txt"), "utf8");
    const { components } = JSON.parse(await readFile(join(dist, "bill-of-materials.cdx.json"), "utf8"));
    const names: readonly string[] = components.map(({ name }: { name: string }) => name);
    for (const name of ["pg", "jose", "tar-stream", `node-linux-${process.arch}`])
      assert.ok(names.includes(name), name);
    for (const { name, version, licenses: stated } of components) {
      assert.ok(licenses.includes(`${name} ${version}\nLicense: `), name);
      assert.match(stated[0].expression, /^(\(?(MIT|Apache-2\.0|ISC|BSD-[23]-Clause|0BSD)\)?( (AND|OR) )?)+$/, name);
    }
  });
});

describe("the npm package", () => {
  let modules: string;

  before(async () => {
    modules = join(folder, "project/node_modules");
    await mkdir(modules, { recursive: true });
    const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: join(dist, "npm") });
    await mkdir(join(modules, "compute-ctl"));
    const packed = ["xzf", join(folder, stdout.trim()), "--strip-components", "1", "-C", join(modules, "compute-ctl")];
    await run("tar", packed);
    const node = `node-linux-${process.arch}`;
    await symlink(join(root, "node_modules", node), join(modules, node));
  });

  it("runs with the Node beside it", async () => {
    const { stdout } = await run(join(modules, "compute-ctl/bin/compute_ctl"), ["--version"], { env: {} });
    assert.match(stdout, /^compute_ctl \d/);
  });

  it("brings the typed client", async () => {
    const project = join(folder, "project");
    const source = [
      'import { ComputeClient, UnreachableError } from "compute-ctl/client";',
      'const client = new ComputeClient({ url: "http://127.0.0.1:9", token: "none" });',
      "const status: { status: string } | undefined = await client.status().catch((error: unknown) => {",
      "  if (error instanceof UnreachableError) return undefined;",
      "  throw error;",
      "});",
      "console.log(status === undefined);",
    ];
    await writeFile(join(project, "use.mts"), source.join("\n"));
    const tsc = ["--noEmit", "--strict", "--module", "nodenext", "--target", "esnext", "--types", "", "use.mts"];
    await run(join(root, "node_modules/.bin/tsc"), tsc, { cwd: project }).catch((error) => assert.fail(error.stdout));
    const { stdout } = await run(process.execPath, ["use.mts"], { cwd: project });
    assert.equal(stdout, "true\n");
  });
});
