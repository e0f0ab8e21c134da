import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodePayload } from "../spec/decode.ts";
import { deriveSpec } from "../spec/derive.ts";
import type { DerivedSpec, GenericOption } from "../spec/types.ts";
import { safekeeperTarget } from "./connection-target.ts";
import { ConnectionTargetError } from "./errors.ts";
import { nativeSyncRequest, safekeeperSettings } from "./native-sync-request.ts";
import { isHopeless } from "./retry.ts";

function setting(name: string, value: string | null): GenericOption {
  return { name: `neon.${name}`, value, vartype: "string" };
}

function specOf(members: object): DerivedSpec {
  const decoded = decodePayload(
    JSON.stringify({
      spec: {
        format_version: 1,
        cluster: { roles: [], databases: [], settings: [] },
        tenant_id: "a1b2c3d4e5f60718293a4b5c6d7e8f90",
        timeline_id: "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        pageserver_connstring: "postgresql://no_user@ps:64000",
        safekeeper_connstrings: ["sk1:5454", "sk2:5454", "sk3:5454"],
        mode: "Primary",
        suspend_timeout_seconds: -1,
        ...members,
      },
      compute_ctl_config: { jwks: { keys: [] } },
    }),
    { strict: true },
  );
  assert.ok(decoded.ok && decoded.value.spec !== null);
  const derived = deriveSpec(decoded.value.spec);
  assert.ok(derived.ok);
  return derived.value;
}

describe("the settings of a sync (SK-21, SK-31)", () => {
  it("are Postgres's defaults without any", () => {
    for (const none of [null, [], [setting("safekeeper_conninfo_options", null)]]) {
      const plain = { protocolVersion: 3, connectMsMax: 10_000, reconnectMs: 1_000, conninfoOptions: null };
      assert.deepEqual(safekeeperSettings(none), plain);
    }
  });

  it("are those of the spec", () => {
    const conninfoOptions = "sslmode=require password='a b' sslcert=/client.pem";
    const settings = safekeeperSettings([
      setting("safekeeper_proto_version", "2"),
      setting("safekeeper_connect_timeout", "5s"),
      setting("safekeeper_reconnect_timeout", " 250 "),
      setting("safekeeper_conninfo_options", conninfoOptions),
    ]);
    assert.deepEqual(settings, { protocolVersion: 2, connectMsMax: 5_000, reconnectMs: 250, conninfoOptions });
    assert.equal(safekeeperTarget("sk:1", conninfoOptions).password, "a b");
  });

  it("name the setting at fault, never a password in it", () => {
    for (const [name, value] of [
      ["safekeeper_proto_version", "1"],
      ["safekeeper_connect_timeout", "0"],
      ["safekeeper_connect_timeout", "soon"],
      ["safekeeper_reconnect_timeout", "99999999999"],
      ["safekeeper_conninfo_options", "sslmode=perhaps password=hunter2"],
      ["safekeeper_conninfo_options", "hunter2"],
    ] as const) {
      assert.throws(
        () => safekeeperSettings([setting(name, value)]),
        (error) =>
          error instanceof ConnectionTargetError &&
          isHopeless(error) &&
          error.message.includes(`neon.${name}`) &&
          !error.message.includes("hunter2"),
        `${name} = ${value}`,
      );
    }
  });
});

describe("what a spec asks to be synced", () => {
  it("SK-30: with the generation from its field or from the prefix of the list, which no entry keeps (trap 4)", () => {
    const { hostPorts, generation, pgVersion } = nativeSyncRequest(specOf({}), 170_005, null);
    assert.deepEqual([hostPorts, generation, pgVersion], [["sk1:5454", "sk2:5454", "sk3:5454"], 0, 170_005]);
    assert.equal(nativeSyncRequest(specOf({ safekeepers_generation: 7 }), 170_005, null).generation, 7);
    const settings = [{ name: "neon.safekeepers", value: "g#4:sk1:1,sk2:2", vartype: "string" }];
    const listed = specOf({ safekeeper_connstrings: [], cluster: { roles: [], databases: [], settings } });
    const request = nativeSyncRequest(listed, 170_005, null);
    assert.deepEqual([request.generation, request.hostPorts], [4, ["sk1:1", "sk2:2"]]);
  });

  it("BASE-22: with the token of the spec that is in force", () => {
    assert.equal(nativeSyncRequest(specOf({}), 170_005, null).token, null);
    assert.equal(nativeSyncRequest(specOf({ storage_auth_token: "tok" }), 170_005, null).token, "tok");
  });
});
