import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { type CommandFacts, postgresCommand } from "./command.ts";

const facts: CommandFacts = {
  pgbin: "/opt/pg/bin/postgres",
  pgdata: "/data/pg $x",
  memoryCgroup: null,
  environment: { LD_LIBRARY_PATH: "/opt/lib", HOME: "/root", UNSET: undefined },
  storageAuthToken: null,
  home: null,
  databricks: null,
};

describe("the command that starts Postgres", () => {
  it("is postgres -D PGDATA behind a shell that allows core files and becomes it (LIFE-60, CLI-7, CONF-70)", () => {
    const { command, args } = postgresCommand(facts);
    assert.equal(command, "/bin/sh");
    assert.deepEqual(args.slice(2), ["sh", "/opt/pg/bin/postgres", "-D", "/data/pg $x"]);
  });

  it("puts Postgres into the VM's memory group, the one that is watched (LIFE-61, trap 14 of chapter 07)", () => {
    const { args } = postgresCommand({ ...facts, memoryCgroup: "neon-postgres" });
    assert.deepEqual(args.slice(3), [
      "cgexec",
      "-g",
      "memory:neon-postgres",
      "/opt/pg/bin/postgres",
      "-D",
      "/data/pg $x",
    ]);
    assert.ok(postgresCommand({ ...facts, memoryCgroup: "mine" }).args.includes("memory:mine"));
  });

  it("keeps the pid and the arguments, also where core files may not be allowed", () => {
    const { command, args } = postgresCommand({ ...facts, pgbin: "/bin/echo" });
    const script = `ulimit -H -c 0; ${command} "$@"`;
    const { stdout, stderr, status } = spawnSync("/bin/sh", ["-c", script, "sh", ...args], { encoding: "utf8" });
    assert.deepEqual({ stdout, stderr, status }, { stdout: "-D /data/pg $x\n", stderr: "", status: 0 });
    const itself = postgresCommand({ ...facts, pgbin: process.execPath, pgdata: "unused" });
    const program = [...itself.args.slice(0, 4), "-p", "process.pid"];
    const child = spawnSync(itself.command, program, { encoding: "utf8" });
    assert.equal(child.stdout, `${child.pid}\n`);
  });

  it("hands on the environment without this program's secrets, and with Postgres's own (LIFE-62, CONF-70)", () => {
    const environment = {
      ...facts.environment,
      NEON_CONTROL_PLANE_TOKEN: "a",
      PGBOUNCER_PASSWORD: "b",
      OTEL_EXPORTER_OTLP_HEADERS: "c",
    };
    assert.deepEqual(postgresCommand({ ...facts, environment }).env, { LD_LIBRARY_PATH: "/opt/lib", HOME: "/root" });
    const databricks = { endpointId: "co", workspaceHost: "" };
    const full = postgresCommand({ ...facts, environment, storageAuthToken: "t", home: "/var/lib/pg", databricks });
    assert.deepEqual(full.env, {
      LD_LIBRARY_PATH: "/opt/lib",
      HOME: "/var/lib/pg",
      NEON_AUTH_TOKEN: "t",
      DATABRICKS_ENDPOINT_ID: "co",
      DATABRICKS_WORKSPACE_HOST: "",
    });
  });
});
