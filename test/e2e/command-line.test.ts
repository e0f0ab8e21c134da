import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { hostname } from "node:os";
import { describe, it } from "node:test";
import type { ComputeProcess } from "./support/compute-process.ts";
import { computeCtl, runMark, type World, withWorld } from "./support/world.ts";

const cluster = { roles: [{ name: "alice" }], databases: [{ name: "shop", owner: "alice" }] };

describe("the oldest form of the command line (CLI-8)", () => {
  it("-S FILE starts a bare spec without --compute-id", () =>
    withWorld({ tokens: true }, async (world) => {
      const { spec } = world.config({ cluster });
      const file = await world.write("spec.json", JSON.stringify(spec));
      const compute = await world.start({ computeId: null, args: ["-S", file] });
      await untilRunning(compute);
      await assertHasShop(compute);
      const reply = await compute.request("GET", "/status");
      assert.equal(reply.status, 401, "there are no keys, so no token is good");
    }));

  it("-s JSON starts a whole config, and the compute id is the endpoint's", () =>
    withWorld({ major: 15 }, async (world) => {
      const config = world.config({ cluster, spec: { endpoint_id: "ep-old-oak-1" } });
      const compute = await world.start({ computeId: null, args: ["-s", JSON.stringify(config)] });
      await compute.waitFor("running");
      await assertHasShop(compute);
      const token = await world.token({ compute_id: "ep-old-oak-1" });
      assert.equal((await compute.request("GET", "/status", { token })).status, 200);
      const other = await world.token({ compute_id: hostname() });
      assert.equal((await compute.request("GET", "/status", { token: other })).status, 403);
    }));
});

describe("a config from the control plane (LIFE-2)", () => {
  it("-p URL asks for it with the token of the environment, and starts it", () =>
    withWorld({}, async (world) => {
      const config = world.config({ cluster });
      await withControlPlane({ ...config, status: "attached" }, async (url, asked) => {
        const env = { NEON_CONTROL_PLANE_TOKEN: "plane-token-3" };
        const compute = await world.start({ args: ["-p", url], env });
        await compute.waitFor("running");
        await assertHasShop(compute);
        assert.deepEqual(
          asked.map(({ path, headers }) => [path, headers.authorization]),
          [["/compute/api/v2/computes/compute-e2e/spec", "Bearer plane-token-3"]],
        );
        assert.ok(!compute.log().includes("plane-token-3"));
      });
    }));

  it("-p URL with an empty answer waits for /configure", () =>
    withWorld({}, async (world) => {
      const { compute_ctl_config } = world.config();
      await withControlPlane({ status: "empty", compute_ctl_config }, async (url) => {
        const compute = await world.start({ args: ["-p", url] });
        await compute.waitFor("empty");
        const reply = await compute.request("POST", "/configure", { body: world.config({ cluster }) });
        assert.equal(reply.status, 200, reply.text);
        await assertHasShop(compute);
      });
    }));

  it("-p URL that answers with an error ends the program with 1 under --strict, and nothing is made", () =>
    withWorld({}, async (world) => {
      await withControlPlane(undefined, async (url) => {
        const compute = await world.start({ args: ["-p", url, "--strict"] });
        assert.deepEqual(await compute.exited, { code: 1, signal: null });
        assert.match(compute.log(), /\nError: unexpected control plane response status code: 404 Not Found/);
        assertNothingMade(world);
      });
    }));
});

describe("the program itself", () => {
  it("CLI-9: runs through a link, from another folder, with an empty environment", () =>
    withWorld({}, async (world) => {
      const command = world.path("compute_ctl");
      await symlink(computeCtl, command);
      const env = { [runMark]: undefined };
      const compute = await world.start({ command, cwd: "/", env, config: world.config({ cluster }) });
      assert.equal(readFileSync(`/proc/${compute.pid}/environ`, "utf8"), "");
      await compute.waitFor("running");
      await assertHasShop(compute);
    }));

  it("CLI-1: --help and --version print to stdout and end with 0", () =>
    withWorld({}, async (world) => {
      for (const [option, pattern] of [
        ["--help", /^Usage: compute_ctl (?:.*\n)+ .*--pgdata/m],
        ["-h", /^Usage: compute_ctl (?:.*\n)+ .*--pgdata/m],
        ["--version", /^compute_ctl \d+\.\d+\.\d+\n$/],
        ["-V", /^compute_ctl \d+\.\d+\.\d+\n$/],
      ] as const) {
        const compute = await world.start({ args: [option] });
        assert.deepEqual(await compute.exited, { code: 0, signal: null });
        assert.match(compute.stdout(), pattern);
        assert.equal(compute.log(), "");
      }
    }));

  it("CLI-1, CLI-2: a wrong command line ends it with 2, and nothing is made", () =>
    withWorld({}, async (world) => {
      const file = await world.write("config-2.json", JSON.stringify(world.config()));
      const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
        [[], /--config.*--control-plane-uri|--control-plane-uri.*--config/],
        [["-c", file, "-p", "http://127.0.0.1:1"], /cannot be used with/],
        [["-c", file, "--no-such-option"], /--no-such-option/],
        [["-c", file, "extra"], /extra/],
        [["-c", file, "-D", "elsewhere"], /--pgdata/],
        [["-c", file, "--lakebase-mode=yes"], /--lakebase-mode/],
        [["-c", file, "--privileged-role-name", "a1"], /--privileged-role-name/],
        [["-c", file, "-r", "https://s.example/ext?x=1"], /--remote-ext-base-url/],
        [["-s", "spec.json"], /-S/],
      ];
      const computes = await Promise.all(wrong.map(([args]) => world.start({ args })));
      for (const [index, [args, says]] of wrong.entries()) {
        const compute = computes[index];
        assert.deepEqual(await compute?.exited, { code: 2, signal: null }, args.join(" "));
        assert.match(compute?.log() ?? "", says);
        assert.equal(compute?.stdout(), "");
      }
      assertNothingMade(world);
    }));

  it("CLI-4: says of the option that is taken for old callers' sake that it is ignored", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config(), args: ["--remote-ext-config", "{}"] });
      await compute.waitFor("running");
      const warnings = compute.log().match(/ WARN --remote-ext-config is ignored: /g) ?? [];
      assert.equal(warnings.length, 1);
    }));
});

/** For computes whose `/status` nobody may ask. */
async function untilRunning(compute: ComputeProcess): Promise<void> {
  await compute.waitForLog(/Changing compute status from init to (?:running|failed)\n/);
  assert.match(compute.log(), /Changing compute status from init to running\n/);
}

async function assertHasShop(compute: ComputeProcess): Promise<void> {
  const client = await compute.connect({ database: "shop" });
  const { rows } = await client.query(
    "SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = current_database()",
  );
  assert.deepEqual(rows, [{ owner: "alice" }]);
}

function assertNothingMade(world: World): void {
  assert.ok(!existsSync(world.pgdata));
  assert.deepEqual(
    readdirSync(world.folder).filter((name) => !name.startsWith("config")),
    [],
  );
}

interface AskedPlane {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Runs `body` beside a control plane that always gives this answer; 404 when there is none. */
async function withControlPlane(
  answer: object | undefined,
  body: (url: string, asked: readonly AskedPlane[]) => Promise<void>,
): Promise<void> {
  const asked: AskedPlane[] = [];
  const server = createServer(({ url, headers }, response) => {
    asked.push({ path: url, headers });
    response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    await body(`http://127.0.0.1:${address.port}`, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("--check", () => {
  it("says that all is good, or what is not, and leaves PGDATA alone", () =>
    withWorld({}, async (world) => {
      const good = await world.start({ config: world.config(), args: ["--check"] });
      assert.deepEqual(await good.exited, { code: 0, signal: null });
      assert.match(good.log(), /checked: the command line, the config, Postgres and the HTTP ports are good/);
      const bad = await world.start({ config: world.config({ spec: { tenant_id: "xyz" } }), args: ["--check"] });
      assert.deepEqual(await bad.exited, { code: 1, signal: null });
      assert.match(bad.log(), /spec\.tenant_id/);
      assert.equal(existsSync(world.path("pgdata")), false);
    }));
});
