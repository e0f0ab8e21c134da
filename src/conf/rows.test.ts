import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PageserverConnectionInfo } from "../spec/types.ts";
import { effectiveSettings } from "./effective-settings.ts";
import { overrideFileName, renderPostgresqlConf } from "./postgresql-conf.ts";
import { sampleSpec, setting } from "./sample-spec.ts";

const { spec: plain } = sampleSpec();

/** The file of a small primary, as the assignments that it makes. */
function render(
  disableSubscribers: boolean | undefined,
  ...spec: Parameters<typeof sampleSpec>
): { readonly text: string; readonly warnings: readonly string[]; readonly inForce: ReadonlyMap<string, string> } {
  const rendered = renderPostgresqlConf({
    spec: sampleSpec(...spec),
    privilegedRoleName: "neon_superuser",
    internalHttpPort: 3081,
    tls: null,
    lakebase: null,
    overcommitMemory: null,
    platform: "linux",
    ...(disableSubscribers === undefined ? {} : { disableSubscribers }),
  });
  const inForce = new Map(effectiveSettings(rendered.text).map(({ name, value }) => [name, value]));
  return { ...rendered, inForce };
}

function shards(count: number, ...urls: readonly (string | null)[]): PageserverConnectionInfo {
  const key = (number: number): string => Buffer.from([number, count]).toString("hex");
  return {
    shardCount: count,
    stripeSize: count > 1 ? 2048 : null,
    preferProtocol: "grpc",
    shards: new Map(
      urls.map((libpqUrl, number) => [key(number), { pageservers: [{ id: 7n, libpqUrl, grpcUrl: "grpc://never" }] }]),
    ),
  };
}

describe("rows of postgresql.conf", () => {
  it("CONF-11: storage that only settings name stays in the settings", () => {
    const settings = [setting("neon.tenant_id", plain.tenantId), setting("neon.timeline_id", plain.timelineId)];
    const none = { tenantId: null, timelineId: null, pageserverConnstring: null, safekeeperConnstrings: [] };
    const { text, inForce } = render(undefined, none, { settings });
    assert.equal(text.match(/^neon\.tenant_id/gm)?.length, 1);
    assert.equal(inForce.get("neon.tenant_id"), plain.tenantId);
    assert.equal(inForce.has("neon.pageserver_connstring") || inForce.has("neon.safekeepers"), false);
  });

  it("CONF-12: shards in their order, the first pageserver of each; without a libpq URL of any, no string at all", () => {
    const connstringOf = (info: PageserverConnectionInfo): string | undefined =>
      render(undefined, { pageserverConnectionInfo: info }).inForce.get("neon.pageserver_connstring");
    assert.equal(connstringOf(shards(0, "a:1")), "a:1");
    assert.equal(connstringOf(shards(3, "a:1", "b:2", "c:3")), "a:1,b:2,c:3");
    const info = shards(2, "a:1", "b:2");
    const [first, second] = [...info.shards];
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(connstringOf({ ...info, shards: new Map([second, first]) }), "a:1,b:2", "in the order of the keys");
    assert.equal(connstringOf(shards(2, "a:1", null)), undefined);
  });

  it("CONF-13: the generation stands before the list, 0 as well, and the list keeps its order", () => {
    const safekeepersOf = (safekeepersGeneration: number | null, ...safekeeperConnstrings: readonly string[]) =>
      render(undefined, { safekeepersGeneration, safekeeperConnstrings }).inForce.get("neon.safekeepers");
    assert.equal(safekeepersOf(null, "b:1", "a:1"), "b:1,a:1");
    assert.equal(safekeepersOf(0, "a:1"), "g#0:a:1");
    assert.equal(safekeepersOf(7, "a:1", "b:1"), "g#7:a:1,b:1");
  });

  it("CONF-15, SPEC-61: an LSN has upper-case halves without zeros in front", () => {
    const { inForce } = render(undefined, { mode: { kind: "static", lsn: 0x1_0000_0abcn } });
    assert.equal(inForce.get("recovery_target_lsn"), "1/ABC");
    assert.equal(inForce.get("neon.compute_mode"), "static");
  });

  it("CONF-16, CONF-17: nothing is repaired or added that the control plane did not ask for", () => {
    const { inForce } = render(
      undefined,
      { mode: { kind: "replica" } },
      { settings: [setting("max_connections", "5")] },
    );
    assert.equal(inForce.get("max_connections"), "5");
    for (const name of ["max_replication_slots", "primary_conninfo", "recovery_prefetch", "port", "listen_addresses"])
      assert.equal(inForce.has(name), false, name);
  });

  it("CONF-20, CONF-22: an audit comes after the settings, which cannot weaken it", () => {
    const settings = [setting("pgaudit.log", "none"), setting("shared_preload_libraries", "neon")];
    for (const [auditLogLevel, log, libraries] of [
      ["base", "ddl,role", "neon,pgaudit"],
      ["extended", "all, -misc", "neon,pgaudit,pgauditlogtofile"],
      ["full", "all", "neon,pgaudit,pgauditlogtofile"],
    ] as const) {
      const { inForce } = render(undefined, { auditLogLevel }, { settings });
      assert.equal(inForce.get("pgaudit.log"), log);
      assert.equal(inForce.get("shared_preload_libraries"), libraries);
    }
    assert.equal(render(undefined, {}, { settings }).inForce.get("pgaudit.log"), "none");
  });

  it("CONF-T10: subscribers are switched on by state, whatever lines postgresql_conf has", () => {
    const line = "neon.disable_logical_replication_subscribers=false";
    const cluster = { postgresqlConf: `${line}\n` };
    const held = render(true, { dropSubscriptionsBeforeStart: true }, cluster);
    assert.equal(held.inForce.get("neon.disable_logical_replication_subscribers"), "true");
    const free = render(false, { dropSubscriptionsBeforeStart: true }, cluster);
    assert.equal(free.inForce.get("neon.disable_logical_replication_subscribers"), "false");
  });

  it("CONF-10 row 19: the include is the last line, so that nothing but ALTER SYSTEM beats it", () => {
    const { text } = render(undefined, {}, { settings: [setting("neon.max_cluster_size", "200GB")] });
    assert.ok(text.endsWith(`\ninclude_if_exists = '${overrideFileName}'\n`));
  });

  it("chapter 02 trap 7, CONF-T4: settings win over what this program writes, and that is told without values", () => {
    const settings = [setting("neon.compute_mode", "replica"), setting("neon.privileged_role_name", "other_role")];
    const { inForce, warnings } = render(undefined, {}, { settings });
    assert.equal(inForce.get("neon.compute_mode"), "replica");
    assert.equal(warnings.length, 2);
    assert.doesNotMatch(warnings.join(), /other_role/);
  });
});
