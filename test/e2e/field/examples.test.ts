import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { parse } from "yaml";
import { untilReady } from "../support/clients.ts";
import { computeCtl, type World, withWorld } from "../support/world.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** The words of a sample's command line, with its paths, ports and addresses replaced by the world's, and nothing else. */
function adapted(words: readonly string[], world: World, config: string, controlPlane = ""): readonly string[] {
  const { ports, storage, pgdata } = world;
  const own = [
    [/\/var\/lib\/compute(?:_ctl)?\/pgdata/, pgdata],
    [/127\.0\.0\.1:5432/, `127.0.0.1:${ports.postgres}`],
    [/\/usr\/(?:local|lib\/postgresql\/17)\/bin\/postgres/, join(storage.postgres.bindir, "postgres")],
    [/\/etc\/compute(?:_ctl)?\/config\.json/, config],
    [/http:\/\/control-plane:8080/, controlPlane],
  ] as const;
  return words.map((word) => own.reduce((text, [pattern, value]) => text.replace(pattern, value), word));
}

describe("the samples of FIELD-16", () => {
  it("Kubernetes: exec form, probes that the program answers, a grace period; and the command starts a compute", () =>
    withWorld({}, async (world) => {
      const { kind, spec } = parse(read("examples/kubernetes/compute.yaml"));
      assert.equal(kind, "Pod");
      assert.ok(spec.terminationGracePeriodSeconds >= 15);
      const [container] = spec.containers;
      const [program, ...args] = container.command;
      assert.equal(program, "/usr/local/bin/compute_ctl", "a shell would keep the signals to itself");
      const mounts = new Set(container.volumeMounts.map(({ name }: { readonly name: string }) => name));
      assert.deepEqual(mounts, new Set(spec.volumes.map(({ name }: { readonly name: string }) => name)));

      const config = await world.write("config.json", JSON.stringify(world.config()));
      const env = Object.fromEntries(container.env.map(({ name, value }: Record<string, string>) => [name, value]));
      const compute = await world.start({ onlyArgs: adapted(args, world, config), env });
      await untilReady(compute);
      for (const probe of [container.readinessProbe, container.livenessProbe]) {
        assert.equal(probe.httpGet.port, "http");
        assert.equal((await compute.request("GET", probe.httpGet.path, { token: null })).status, 200);
      }
      assert.ok(container.ports.some((port: object) => "name" in port && port.name === "http"));
      compute.signal("SIGTERM");
      assert.deepEqual(await compute.exited, { code: 1, signal: null });
    }));

  it("compose and the control plane of thirty lines: the compute waits for its config, and comes up with it", () =>
    withWorld({}, async (world) => {
      const { services } = parse(read("examples/compose/compose.yaml"));
      const { command, environment, healthcheck } = services.compute;
      assert.equal(environment.NEON_CONTROL_PLANE_TOKEN, services["control-plane"].environment.CONTROL_PLANE_TOKEN);
      const configs = world.path("configs");
      await mkdir(configs);
      const controlPlane = spawn(process.execPath, [join(root, "examples/control-plane.mjs"), "0", configs], {
        env: { CONTROL_PLANE_TOKEN: environment.NEON_CONTROL_PLANE_TOKEN },
        stdio: ["ignore", "pipe", "inherit"],
      });
      try {
        const [said] = await once(controlPlane.stdout.setEncoding("utf8"), "data");
        const uri = `http://127.0.0.1:${/at (\d+)/.exec(said)?.[1]}`;
        const [, ...args] = command;
        const compute = await world.start({ onlyArgs: adapted(args, world, "", uri), env: environment });
        await compute.waitForLog(/waiting for the control plane: .*404 Not Found/);
        await writeFile(join(configs, "compute-1.json"), JSON.stringify(world.config()));
        await untilReady(compute);

        const token = await world.write("token", world.adminToken);
        const check = healthcheck.test.slice(2).map((word: string) => (word === "/run/secrets/token" ? token : word));
        const url = `http://127.0.0.1:${compute.ports.external}`;
        assert.match((await promisify(execFile)(computeCtl, [...check, "--url", url], { env: {} })).stdout, /^running/);

        const stranger = await fetch(`${uri}/compute/api/v2/computes/compute-1/spec`);
        assert.equal(stranger.status, 403);
      } finally {
        controlPlane.kill();
        await once(controlPlane, "exit");
      }
    }));

  it("systemd: the unit with the sample's environment starts a compute", () =>
    withWorld({}, async (world) => {
      const entries = read("examples/systemd/environment")
        .split("\n")
        .filter((line) => /^\w+=/.test(line));
      const variables = new Map(
        entries.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
      );
      const unit = read("deploy/systemd/compute_ctl.service");
      const [, ...words] = /^ExecStart=(.+)$/m.exec(unit)?.[1]?.split(" ") ?? [];
      // As systemd does: ${NAME} is one word, $NAME as many as there are blanks in it.
      const args = words.flatMap((word) => {
        const [, braced, bare] = /^\$(?:\{(\w+)\}|(\w+))$/.exec(word) ?? [];
        if (braced !== undefined) return [variables.get(braced) ?? ""];
        return bare === undefined ? [word] : (variables.get(bare)?.split(" ") ?? []);
      });
      const config = await world.write("config.json", JSON.stringify(world.config()));
      const compute = await world.start({ onlyArgs: adapted(args, world, config) });
      await untilReady(compute);
      compute.signal("SIGTERM");
      await compute.exited;
    }));

  it("FIELD-13: the warm pool's config, with keys of keygen, waits for its first /configure", () =>
    withWorld({}, async (world) => {
      const key = world.path("key.pem");
      const run = async (...args: readonly string[]) =>
        (await promisify(execFile)(computeCtl, args, { env: {} })).stdout;
      const config = JSON.parse(read("examples/warm-pool.config.json"));
      config.compute_ctl_config.jwks = JSON.parse(await run("keygen", "--out", key));
      const token = (await run("token", "--key", key, "--admin")).trim();
      const compute = await world.start({ config, adminToken: token });
      assert.deepEqual(await compute.waitFor("empty"), ["empty"]);
      await compute.waitForLog(/warm|HTTP server listening/);
      const reply = await compute.request("POST", "/configure", { body: world.config() });
      assert.equal(reply.status, 200, reply.text);
      assert.equal((await compute.status())?.status, "running");
    }));
});
