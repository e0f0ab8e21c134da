import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, matchesGlob } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "yaml";
import { adaptConfig } from "../../../src/standin/demo/config.ts";
import { createTokenAuthority } from "../../../src/standin/token.ts";
import { execForm, lastOf, readStages } from "../../deploy/dockerfile.ts";
import { adminClaims } from "../support/admin-token.ts";
import { type ComputeProcess, startProcess } from "../support/compute-process.ts";
import { type World, withWorld } from "../support/world.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));
const inNamespaces = ["--mount", "--pid", "--fork", "--kill-child"];
const buildMsMax = 120_000;
const runningMsMax = 60_000;

/** What comes with the C library. */
const ofEveryImage: ReadonlySet<string> = new Set(["libdl", "libm", "libpthread", "libc", "librt"]);
/** Which of Debian's packages brings a library; libgcc_s comes along with libstdc++. */
const packages: ReadonlyMap<string, string> = new Map([
  ["libatomic", "libatomic1"],
  ["libstdc++", "libstdc++6"],
  ["libgcc_s", "libstdc++6"],
]);

/** The files of the checkout that a build of the image gets. */
async function contextFiles(): Promise<readonly string[]> {
  const ignored = (await readFile(join(root, ".dockerignore"), "utf8"))
    .split("\n")
    .filter((line) => /^[^#]/.test(line));
  const { stdout } = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  const isIgnored = (path: string): boolean =>
    ignored.some((pattern) => matchesGlob(path, pattern) || matchesGlob(path, `${pattern}/**`));
  return stdout.split("\0").filter((path) => path !== "" && !isIgnored(path));
}

/** Builds the program as the first stage of the Dockerfile does, from what `.dockerignore` lets through. */
async function buildFromContext(folder: string): Promise<string> {
  const context = join(folder, "context");
  for (const path of await contextFiles()) {
    await mkdir(dirname(join(context, path)), { recursive: true });
    await cp(join(root, path), join(context, path));
  }
  await symlink(join(root, "node_modules"), join(context, "node_modules"));
  const dockerfile = await readFile(join(root, "deploy/docker/Dockerfile"), "utf8");
  assert.equal(lastOf(readStages(dockerfile).get("build"), "RUN"), "npm run build");
  await run("npm", ["run", "build"], { cwd: context, timeout: buildMsMax });
  return join(context, "dist/compute_ctl");
}

const skip =
  spawnSync("/usr/bin/unshare", [...inNamespaces, "mount", "-t", "tmpfs", "try", "/mnt"]).status === 0
    ? false
    : "mount namespaces need root and util-linux";

describe("the process of a container", { skip }, () => {
  let folder: string;
  let program: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "container-"));
    program = await buildFromContext(folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("FIELD-2, LIFE-64: runs by the manifest's command, as no root, where only volumes can be written to", () =>
    withWorld({ tokens: true }, async (world) => {
      const { compute, healthCheck } = await startInImage(world, program, () => true);
      try {
        await compute.waitFor("running", runningMsMax);
        const url = ["--url", `http://127.0.0.1:${world.ports.external}`];
        assert.equal((await run(program, [...healthCheck.slice(1), ...url], { env: {} })).stdout, "alive\n");
        assert.equal((await run(program, ["probe", ...url], { env: {} })).stdout, "ready\n");
        assert.equal((await compute.request("POST", "/terminate?mode=fast")).status, 200);
        assert.deepEqual(await compute.exited, { code: 0, signal: null });
      } finally {
        compute.signal("SIGKILL");
        await compute.exited;
      }
    }));

  it("is linked with nothing that the stages of the Dockerfile do not install", async () => {
    const { stdout } = await run("ldd", [program]);
    const libraries = Array.from(stdout.matchAll(/^\s*(lib[\w+-]+)\.so/gm), ([, name = ""]) => name);
    const others = libraries.filter((name) => !ofEveryImage.has(name));
    assert.deepEqual(
      others.filter((name) => !packages.has(name)),
      [],
    );
    assert.ok(others.length > 0, stdout);
    const stages = readStages(await readFile(join(root, "deploy/docker/Dockerfile"), "utf8"));
    for (const name of ["build", "stock", "neon"]) {
      const installs = stages.get(name)?.instructions.filter((each) => each.text.includes("apt-get install")) ?? [];
      const words = new Set(installs.flatMap(({ text }) => text.split(" ")));
      for (const library of others) assert.ok(words.has(packages.get(library) ?? ""), `${name}: ${library}`);
    }
  });

  it("needs those volumes: without the one for sockets Postgres cannot start", () =>
    withWorld({ tokens: true }, async (world) => {
      const { compute } = await startInImage(world, program, (path) => path !== "/run/postgresql");
      assert.deepEqual(await compute.exited, { code: 1, signal: null });
      assert.match(compute.log(), /could not create lock file ..\/run\/postgresql/);
    }));
});

/** Starts what a pod of the manifest would, in a root of its own, with those volumes that are wanted. */
async function startInImage(
  { storage, ports, path, write }: World,
  program: string,
  isWanted: (mountPath: string) => boolean,
): Promise<{ readonly compute: ComputeProcess; readonly healthCheck: readonly string[] }> {
  const pod = parse(await readFile(join(root, "deploy/kubernetes/base/compute.yaml"), "utf8")).spec.template.spec;
  const [container] = pod.containers;
  const stage = readStages(await readFile(join(root, "deploy/docker/Dockerfile"), "utf8")).get("stock");
  const shipped = await readFile(join(root, "deploy/kubernetes/base/config.json"), "utf8");
  const authority = await createTokenAuthority();
  const storageToken = await storage.issueToken({ scope: "tenant", tenant_id: storage.tenantId });
  const places = { ...storage, storageToken, postgresPort: ports.postgres, jwks: authority.jwks };
  // As it is shipped, but for addresses: tests listen on loopback only.
  const config = JSON.stringify(adaptConfig(JSON.parse(shipped), places)).replace('"value":"*"', '"value":"127.0.0.1"');
  const mounts: readonly { name: string; mountPath: string }[] = container.volumeMounts;
  const volumes = mounts.filter(({ name, mountPath }) => name !== "config" && isWanted(mountPath));
  const given: readonly string[] = container.args;
  const args = given.map((arg) => arg.replace("$(POD_NAME)", "compute-0").replace(":5432/", `:${ports.postgres}/`));
  const listening = ["--external-http-port", String(ports.external), "--internal-http-port", String(ports.internal)];
  const image = path("image");
  await mkdir(image);
  const compute = startProcess({
    command: "/usr/bin/unshare",
    args: [
      ...inNamespaces,
      join(import.meta.dirname, "image-root.sh"),
      ...[image, program, dirname(storage.postgres.bindir), await write("config.json", config)],
      ...[String(pod.securityContext.runAsUser), volumes.map(({ mountPath }) => mountPath).join(" ")],
      lastOf(stage, "ENV"),
      ...execForm(lastOf(stage, "ENTRYPOINT")),
      ...[...args, ...listening, "--http-listen-addr=127.0.0.1", "--terminate-linger=1"],
    ],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    cwd: "/",
    pgdata: join(image, "var/lib/compute/pgdata"),
    ports,
    adminToken: await authority.issue(adminClaims),
    onClient: () => {},
  });
  return { compute, healthCheck: execForm(lastOf(stage, "HEALTHCHECK")) };
}
