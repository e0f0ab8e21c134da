import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { formatLsn } from "../../src/base/lsn.ts";
import { CommandFailure } from "../../src/standin/command-failure.ts";
import { createTestAuthority } from "../support/certificates.ts";
import { endsBySignal, noRetries, startFails } from "./faults/outcomes.ts";
import type { JsonObject } from "./support/config.ts";
import { type World, withWorld } from "./support/world.ts";

const authority = await createTestAuthority();
const certificate = await authority.issue("IP:127.0.0.1");
after(authority.remove);

/** The members of a spec that say where the pages are. */
function pages(world: World, protocol: "libpq" | "grpc"): JsonObject {
  return { pageserver_connstring: null, pageserver_connection_info: world.storage.connectionInfo(protocol) };
}

describe("a compute starts (BASE-13, BASE-63)", () => {
  for (const protocol of ["libpq", "grpc"] as const) {
    for (const shards of [1, 4]) {
      it(`from ${shards} shards over ${protocol}`, () =>
        withWorld({ shards, tokens: true }, async (world) => {
          const compute = await world.start({ config: world.config({ spec: pages(world, protocol) }) });
          await compute.waitFor("running");
          const [first, ...others] = world.storage.pageservers;
          assert.deepEqual(
            first?.seenCommands.map((seen) => [seen.protocol, /^basebackup .* --gzip$/.test(seen.text)]),
            [[protocol, true]],
          );
          assert.deepEqual(
            others.flatMap(({ seenCommands }) => seenCommands),
            [],
          );
          assert.doesNotMatch(compute.log(), /WARN .*(?:pageserver|not acted on)/);
          await endsBySignal(compute);
        }));
    }

    it(`over ${protocol} by TLS, from a plain archive`, () =>
      withWorld({ shards: 1, tokens: true, pageserverTls: certificate }, async (world) => {
        const args = ["--storage-ca", authority.caFile, "--basebackup-compression", "none"];
        const compute = await world.start({ config: world.config({ spec: pages(world, protocol) }), args });
        await compute.waitFor("running");
        assert.match(world.storage.pageserver.seenCommands[0]?.text ?? "", /^basebackup \w+ \w+ \S+$/);
        await endsBySignal(compute);
      }));
  }

  it("over libpq when gRPC is preferred and cannot be had", () =>
    withWorld({ shards: 4 }, async (world) => {
      world.storage.pageserver.setFaults({ fault: { kind: "hang-up" } }, "grpc");
      const compute = await world.start({ config: world.config({ spec: pages(world, "grpc") }) });
      await compute.waitFor("running");
      assert.match(
        compute.log(),
        /WARN get_basebackup\S+ pageserver 1 of shard 0004 over grpc failed, asking pageserver 1 of shard 0004 over libpq/,
      );
      await endsBySignal(compute);
    }));
});

describe("a static compute (LSN-1)", () => {
  const inStatic = (world: World, protocol: "libpq" | "grpc"): JsonObject => ({
    ...pages(world, protocol),
    mode: { Static: formatLsn(world.storage.lsn) },
  });
  const leasesOf = (world: World): readonly number[] => world.storage.pageservers.map(({ leases }) => leases.length);

  for (const protocol of ["libpq", "grpc"] as const) {
    it(`keeps its lease on four shards over ${protocol}, and renews it`, () =>
      withWorld({ shards: 4, tokens: true, leaseMs: 3_000 }, async (world) => {
        const compute = await world.start({ config: world.config({ spec: inStatic(world, protocol) }) });
        await compute.waitFor("running");
        await compute.waitForLog(
          /INFO lsn_lease_bg_task\{.*\}: Request succeeded, sleeping for [12] seconds\n(?:.*\n)*.*Request succeeded/,
        );
        assert.ok(
          leasesOf(world).every((count) => count >= 2),
          `leases: ${leasesOf(world)}`,
        );
        assert.deepEqual(
          world.storage.pageservers.map(({ leases }) => leases[0]?.shard),
          ["0004", "0104", "0204", "0304"],
        );
        const metrics = (await compute.request("GET", "/metrics", { token: null })).text;
        const ends = Math.max(
          ...world.storage.pageservers.flatMap(({ leases }) => leases.map((each) => each.expiresMs)),
        );
        const told = /^compute_ctl_lsn_lease_expires_timestamp_seconds (\d+)$/m.exec(metrics)?.[1];
        assert.ok(Number(told) > ends / 1000 - 10 && Number(told) <= ends / 1000, metrics);
        assert.match(metrics, /^compute_ctl_lsn_lease_rounds_total\{outcome="granted"\} \d+$/m);
        assert.doesNotMatch(compute.log(), /not acted on in full|no LSN lease is taken/);
        await endsBySignal(compute);
      }));
  }

  it("LSN-5: goes on when the lease is refused, and says so once", () =>
    withWorld({ shards: 1 }, async (world) => {
      const spec = inStatic(world, "grpc");
      world.storage.pageserver.setFaults({ fault: { kind: "lease-refused" } });
      const compute = await world.start({ config: world.config({ spec }) });
      await compute.waitFor("running");
      const permanent =
        /WARN lsn_lease_bg_task\{.*\}: Permanent error: lease could not be obtained, LSN is behind the GC cutoff/;
      await compute.waitForLog(permanent);
      await endsBySignal(compute);
    }));

  it("LSN-6, LSN-8, BASE-22: asks again after errors, and at once with a new token", () =>
    withWorld({ shards: 1, tokens: true }, async (world) => {
      const good = world.config({ spec: inStatic(world, "libpq") });
      const compute = await world.start({ config: good });
      await compute.waitFor("running");
      await compute.waitForLog(/Request succeeded, sleeping for 540 seconds/);
      const token = await world.storage.issueToken({ scope: "tenant", tenant_id: world.storage.tenantId, jti: "new" });
      const renewed = { ...good, spec: { ...good.spec, storage_auth_token: token } };
      const reply = await compute.request("POST", "/configure", { body: JSON.stringify(renewed) });
      assert.equal(reply.status, 200, reply.text);
      await compute.waitForLog(/Request succeeded(?:.*\n)*.*Request succeeded/);
      const wrong = { ...good, spec: { ...good.spec, storage_auth_token: "wrong" } };
      assert.equal((await compute.request("POST", "/configure", { body: JSON.stringify(wrong) })).status, 200);
      await compute.waitForLog(
        /could not get the LSN lease, trying again in 500 ms: no lease from pageserver 1 .*JWT auth/,
      );
      await endsBySignal(compute);
      assert.ok(!compute.log().includes(token));
    }));
});

describe("a pageserver that (BASE-70)", () => {
  for (const protocol of ["libpq", "grpc"] as const) {
    it(`over ${protocol} does not know the timeline, or holds another shard, is told in its words`, () =>
      withWorld({ shards: 4 }, async (world) => {
        const unknown = { ...pages(world, protocol), timeline_id: "9".repeat(32) };
        const error = await startFails(world, {
          config: world.config({ spec: { ...unknown, mode: "Replica" } }),
          env: noRetries,
        });
        const words = /(?:ERROR: Not found|NOT_FOUND): Timeline \w+\/9+ was not found/;
        assert.match(error, /^failed to get basebackup@0\/0\n\nCaused by:\n/);
        assert.match(error, words);

        const info = world.storage.connectionInfo(protocol);
        const shards = info["shards"] as Readonly<Record<string, unknown>>;
        const swapped = { ...info, shards: { ...shards, "0004": shards["0104"] } };
        const spec = { ...pages(world, protocol), pageserver_connection_info: swapped, mode: "Replica" };
        const other = await startFails(world, { config: world.config({ spec }), env: noRetries });
        assert.match(other, /Tenant \w+-0004 not found/);
      }));

    it(`over ${protocol} resets in mid-stream, errs behind the archive, or is slow, does not keep the compute from coming up`, () =>
      withWorld({ shards: 1 }, async (world) => {
        for (const fault of [
          { kind: "close-mid-copy", afterBytes: 300_000 },
          { kind: "error-after-copy", failure: new CommandFailure("other", "it was not all") },
          { kind: "trickle", chunkBytes: 100_000, pauseMs: 5 },
        ] as const) {
          const other = protocol === "libpq" ? "grpc" : "libpq";
          world.storage.pageserver.setFaults({ fault, times: 1 }, protocol);
          world.storage.pageserver.setFaults({ fault: { kind: "hang-up" } }, other);
          const compute = await world.start({ config: world.config({ spec: pages(world, protocol) }) });
          await compute.waitFor("running");
          await endsBySignal(compute);
        }
      }));
  }
});
