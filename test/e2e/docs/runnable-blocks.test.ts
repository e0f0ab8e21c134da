import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type RunnableBlock, runnableBlocks } from "../../support/runnable-blocks.ts";
import type { ComputeProcess } from "../support/compute-process.ts";
import { computeCtl, runMark, type World, withWorld } from "../support/world.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const documents = globSync(["README.md", "CONTRIBUTING.md", "docs/*.md", "examples/*.md", "test/*.md"], {
  cwd: root,
}).sort();
const blockMsMax = 60_000;

const roles = [{ name: "shop_owner", encrypted_password: null, options: null }];
const databases = [{ name: "shop", owner: "shop_owner", options: null }];

interface Place {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A folder as a reader has it: the program in PATH, a config, a token, and a compute that runs. docs/README.md says so. */
async function preparePlace(world: World, compute: ComputeProcess): Promise<Place> {
  const folder = world.path("reader");
  const bin = join(folder, "bin");
  await mkdir(bin, { recursive: true });
  await symlink(computeCtl, join(bin, "compute_ctl"));
  await copyFile(join(world.folder, "config.json"), join(folder, "config.json"));
  await copyFile(join(root, "examples/two-roles.config.json"), join(folder, "two-roles.config.json"));
  await writeFile(join(folder, "token"), world.adminToken, { mode: 0o600 });
  const { external, internal, postgres } = compute.ports;
  const mark = process.env[runMark];
  const env = {
    PATH: `${bin}:/usr/local/bin:/usr/bin:/bin`,
    HOME: folder,
    TMPDIR: folder,
    COMPUTE_URL: `http://127.0.0.1:${external}`,
    INTERNAL_URL: `http://127.0.0.1:${internal}`,
    TOKEN_FILE: join(folder, "token"),
    PGHOST: "127.0.0.1",
    PGPORT: String(postgres),
    ...(mark === undefined ? {} : { [runMark]: mark }),
  };
  return { folder, env };
}

/** Runs a block as a reader would who stops at the first command that fails. */
async function runBlock({ script, line }: RunnableBlock, place: Place): Promise<void> {
  const child = spawn("/bin/bash", ["-euo", "pipefail", "-c", script], {
    cwd: place.folder,
    env: place.env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: blockMsMax,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  const [code, signal] = await once(child, "close");
  assert.deepEqual([code, signal], [0, null], `the block in line ${line}:\n${script}\nprinted:\n${said}`);
}

describe("the shell blocks of the documents that are marked as runnable", () => {
  let found = 0;
  for (const path of documents) {
    const blocks = runnableBlocks(readFileSync(join(root, path), "utf8"));
    if (blocks.length === 0) continue;
    found += blocks.length;
    it(`${path}: all ${blocks.length} run, one after the other, beside a compute`, () =>
      withWorld({}, async (world) => {
        const config = world.config({ cluster: { roles, databases } });
        const compute = await world.start({ config });
        await compute.waitFor("running");
        const place = await preparePlace(world, compute);
        for (const block of blocks) await runBlock(block, place);
      }));
  }

  it("are there", () => {
    assert.ok(found >= 6, `only ${found} are marked`);
  });

  it("would fail the test when a command of theirs failed", async () => {
    const place: Place = { folder: root, env: { PATH: "/usr/bin:/bin" } };
    await assert.rejects(runBlock({ line: 7, script: "false | cat\ntrue\n" }, place), /the block in line 7/);
    await assert.rejects(runBlock({ line: 8, script: 'echo "$NOWHERE"\n' }, place), /unbound variable/);
  });
});
