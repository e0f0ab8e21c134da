import assert from "node:assert/strict";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { occupy } from "../faults/occupy.ts";
import { withWorld } from "../support/world.ts";

const linuxOnly = process.platform === "linux" ? false : "who holds a port is read from /proc";

describe("a host that is not perfect (FIELD-4)", () => {
  it("has a socket lock of a dead container, whose number another process has now: it is removed, with a warning", () =>
    withWorld({}, async (world) => {
      const sockets = world.path("sockets");
      await mkdir(sockets);
      await chmod(sockets, 0o777);
      // This test's own process stands for the one that has the number by now.
      await writeFile(join(sockets, `.s.PGSQL.${world.ports.postgres}.lock`), `${process.pid}\n/old/pgdata\n`);
      const compute = await world.start({ config: world.config({ settings: { unix_socket_directories: sockets } }) });
      await compute.waitFor("running");
      assert.match(compute.log(), /WARN removed \S+\.lock, which an earlier Postgres left behind: its process is /);
    }));

  it("has somebody on Postgres's port, and on the API's: both are named", { skip: linuxOnly }, () =>
    withWorld({}, async (world) => {
      const holder = await occupy(world.ports.postgres);
      try {
        const compute = await world.start({ config: world.config() });
        await compute.waitForLog(/Changing compute status from init to failed/);
        const held = new RegExp(
          `port ${world.ports.postgres}, which Postgres is to listen on, is held by \\S+ \\(pid ${process.pid}\\)`,
        );
        await compute.waitForLog(held);
        compute.signal("SIGTERM");
        await compute.exited;
      } finally {
        holder.close();
      }
      const other = await occupy(world.ports.external);
      try {
        const compute = await world.start({ config: world.config() });
        assert.deepEqual(await compute.exited, { code: 1, signal: null });
        assert.match(
          compute.log(),
          new RegExp(`port ${world.ports.external} of :: is taken; .*\\(pid ${process.pid}\\), or give another`),
        );
      } finally {
        other.close();
      }
    }),
  );

  it("has one key among good ones that cannot be read: the others count", () =>
    withWorld({}, async (world) => {
      const { compute_ctl_config } = world.config();
      const jwks = compute_ctl_config["jwks"] as { readonly keys: readonly object[] };
      const keys = [{ kty: "OKP", crv: "X448", x: "AA" }, ...jwks.keys];
      const compute = await world.start({ config: { compute_ctl_config: { jwks: { keys } } } });
      await compute.waitFor("empty");
      assert.match(compute.log(), /compute_ctl_config\.jwks\.keys\[0\]: not a usable key, skipped/);
    }));
});
