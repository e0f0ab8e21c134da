import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { ask } from "../support/http.ts";
import { withWorld } from "../support/world.ts";

describe("IPv6 literals (FIELD-12)", () => {
  it("will do for the control plane, for Postgres, and for where both servers listen", () =>
    withWorld({}, async (world) => {
      const config = { status: "attached", ...world.config({ settings: { listen_addresses: "::1" } }) };
      const controlPlane = createServer((_, response) => void response.end(JSON.stringify(config)));
      await once(controlPlane.listen(0, "::1"), "listening");
      try {
        const { port } = controlPlane.address() as AddressInfo;
        const compute = await world.start({
          connstr: `postgresql://cloud_admin@[::1]:${world.ports.postgres}/postgres`,
          args: [
            "--control-plane-uri",
            `http://[::1]:${port}`,
            "--http-listen-addr",
            "::1",
            "--internal-listen-addr",
            "::1",
          ],
        });
        await compute.waitForLog(/compute start finished/);
        const own = { host: "::1", token: world.adminToken, method: "GET" } as const;
        const external = await ask({ ...own, port: world.ports.external, path: "/dbs_and_roles" });
        assert.equal(external.status, 200, external.text);
        assert.equal((await ask({ ...own, port: world.ports.internal, path: "/metrics" })).status, 404);
        await assert.rejects(compute.request("GET", "/readyz"), { code: "ECONNREFUSED" });
        compute.signal("SIGTERM");
        assert.deepEqual(await compute.exited, { code: 1, signal: null });
      } finally {
        controlPlane.close();
        controlPlane.closeAllConnections();
      }
    }));
});
