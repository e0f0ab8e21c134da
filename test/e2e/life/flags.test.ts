import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Exit, startProcess } from "../support/compute-process.ts";
import { computeCtl, type World, withWorld } from "../support/world.ts";

/** The vectors "Flags" of chapter 01 that ../command-line.test.ts does not have. */
const refused: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [["--dev", "--dev"], /--dev/],
  [["--external-http-port", "70000"], /--external-http-port.*65535/],
  [["--http-port", "4000", "--internal-http-port", "3081"], /--http-port.*--internal-http-port/],
  [["--http-port", "65535"], /--http-port/],
  [["--privileged-role-name", "My_admin"], /--privileged-role-name/],
  [["--privileged-role-name", ""], /--privileged-role-name/],
  [["-r", "s.example"], /--remote-ext-base-url/],
  [["--lakebase-mode"], /--lakebase-mode/],
  [["--pgdat", "x"], /--pgdat/],
  [["-Dd", "-D=d"], /--pgdata/],
];

/** Accepted, and where the servers then listen. */
const accepted: readonly (readonly [args: (port: number) => readonly string[], what: string])[] = [
  [(port) => ["--http-port", String(port)], "--http-port in every mode"],
  [(port) => [`--http-port=${port}`, "--lakebase-mode", "true"], "--http-port in lakebase mode"],
];

/** The program with the required options, no spec, and nothing but `args` besides. */
async function start(world: World, args: readonly string[]) {
  const file = await world.write("config.json", JSON.stringify({ compute_ctl_config: { jwks: { keys: [] } } }));
  const required = ["-D", world.pgdata, "-C", "postgresql://cloud_admin@localhost:5432/postgres", "-i", "comp-7"];
  return startProcess({
    command: computeCtl,
    args: [...required, "-c", file, "-b", `${world.storage.postgres.bindir}/postgres`, ...args],
    env: {},
    cwd: world.folder,
    pgdata: world.pgdata,
    ports: world.ports,
    adminToken: world.adminToken,
    onClient: () => {},
  });
}

describe("flags (CLI-1, CLI-3, CLI-4)", () => {
  it("that make no sense end the program with 2", () =>
    withWorld({}, async (world) => {
      const computes = await Promise.all(refused.map(([args]) => start(world, args)));
      for (const [index, [args, says]] of refused.entries()) {
        const exit: Exit | undefined = await computes[index]?.exited;
        assert.deepEqual(exit, { code: 2, signal: null }, args.join(" "));
        assert.match(computes[index]?.log() ?? "", says);
      }
    }));

  for (const [args, what] of accepted) {
    it(`${what}: the internal server has the port after it`, () =>
      withWorld({}, async (world) => {
        const port = world.ports.external;
        const compute = await start(world, [...args(port), "--privileged-role-name", "my_admin"]);
        await compute.waitForLog(new RegExp(`external HTTP server listening at \\[::\\]:${port}\\n`));
        await compute.waitForLog(new RegExp(`internal HTTP server listening at .*:${port + 1}\\n`));
        compute.signal("SIGTERM");
        assert.deepEqual(await compute.exited, { code: 1, signal: null });
      }));
  }

  it("CLI-6: options of the connection string come after the program's own, and win", () =>
    withWorld({}, async (world) => {
      const { postgres } = world.ports;
      const options = encodeURIComponent("-c log_statement=all");
      const compute = await world.start({
        config: world.config({ settings: { log_line_prefix: "%m [%p] app=%a " } }),
        connstr: `postgresql://cloud_admin@127.0.0.1:${postgres}/postgres?options=${options}`,
      });
      await compute.waitFor("running");
      const settings = { work_mem: "7MB", log_line_prefix: "%m [%p] app=%a " };
      const reply = await compute.request("POST", "/configure", { body: world.config({ settings }) });
      assert.equal(reply.status, 200, reply.text);
      await compute.waitForLog(/app=compute_ctl:reload LOG: {2}statement: SELECT/);
    }));
});
