import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { lint, lintersMissing } from "../support/linters.ts";
import { readStages } from "./dockerfile.ts";

const folder = fileURLToPath(new URL("../../deploy/compose", import.meta.url));
const text = readFileSync(join(folder, "compose.yaml"), "utf8");
const { services, volumes } = parse(text, { merge: true });
const config = JSON.parse(readFileSync(join(folder, "compute/config.json"), "utf8"));
const { compute, branch, pageserver } = services;

describe("deploy/compose/compose.yaml", () => {
  it("has every service, volume and file that it names", () => {
    for (const [name, service] of Object.entries<{ depends_on?: object; volumes?: readonly string[] }>(services)) {
      const needed = service.depends_on ?? [];
      for (const other of Array.isArray(needed) ? needed : Object.keys(needed))
        assert.ok(other in services, `${name}: ${other}`);
      for (const mount of service.volumes ?? []) {
        const [from = ""] = mount.split(":");
        assert.ok(from.startsWith("./") ? existsSync(join(folder, from)) : from in volumes, `${name}: ${mount}`);
      }
    }
  });

  it("has the storage that the compute's config names, with the branch that is made", () => {
    const hosts: readonly string[] = config.spec.safekeeper_connstrings;
    for (const address of hosts) {
      const [host = "", port] = address.split(":");
      assert.ok(services[host].command.includes(`--advertise-pg=${address}`), address);
      assert.ok(services[host].command.includes(`--listen-pg=0.0.0.0:${port}`), address);
    }
    assert.equal(new Set(hosts.map((host) => services[host.split(":")[0] ?? ""].command[3])).size, 3);
    const { hostname, port } = new URL(config.spec.pageserver_connstring);
    assert.equal(services[hostname], pageserver);
    const settings = readFileSync(join(folder, "pageserver/pageserver.toml"), "utf8");
    assert.ok(settings.includes(`listen_pg_addr = '0.0.0.0:${port}'`));
    const { TENANT_ID, TIMELINE_ID } = branch.environment;
    assert.deepEqual([TENANT_ID, TIMELINE_ID], [config.spec.tenant_id, config.spec.timeline_id]);
  });

  it("builds a stage of the Dockerfile, and opens ports to this machine only", () => {
    const dockerfile = readFileSync(join(folder, compute.build.context, compute.build.dockerfile), "utf8");
    assert.ok(readStages(dockerfile).has(compute.build.target));
    for (const service of Object.values<{ ports?: readonly string[] }>(services))
      for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:/);
  });

  it("makes the branch with a script that a shell can read", () => {
    const { status, stderr } = spawnSync("/bin/sh", ["-n", join(folder, "make-branch.sh")], { encoding: "utf8" });
    assert.deepEqual([status, stderr], [0, ""]);
  });

  it("is a compose file to docker-compose", { skip: lintersMissing("docker-compose") }, () => {
    const check = ["-f", join(folder, "compose.yaml"), "config", "-q"];
    assert.deepEqual(lint("docker-compose", check), { code: 0, stdout: "", output: "" });
    const wrong = text.replace("shm_size:", "shm_sizes:");
    assert.notEqual(lint("docker-compose", ["-f", "-", "config", "-q"], wrong).code, 0);
  });
});
