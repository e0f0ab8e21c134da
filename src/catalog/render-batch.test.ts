import assert from "node:assert/strict";
import { test } from "node:test";
import { renderStep } from "./render.ts";
import { renderBatch } from "./render-batch.ts";
import type { SystemStep } from "./step.ts";
import { sampleWanted } from "./test-samples.ts";

const hash = "00112233445566778899aabbccddeeff";
const jwks = { id: "1", role_names: ["jwt"], jwks_url: "http://jwks", provider_name: "p", jwt_audience: null };
const wanted = sampleWanted({
  roles: [{ name: "a", encrypted_password: hash }, { name: "o'k" }, { name: "jwt" }],
  members: { local_proxy_config: { jwks: [jwks] } },
});
const steps = wanted.roles.map((role): SystemStep => ({ kind: "create-role", role, memberOf: "p", why: "" }));
const attributes = "INHERIT CREATEROLE CREATEDB BYPASSRLS REPLICATION";

test("new roles become members at the end of the batch, those of an identity provider do not (APPLY-25)", () => {
  assert.deepEqual(renderBatch(steps, "statement").split(";\n"), [
    `CREATE ROLE "a" ${attributes} LOGIN PASSWORD 'md5${hash}'`,
    `CREATE ROLE "o'k" ${attributes} LOGIN PASSWORD NULL`,
    'CREATE ROLE "jwt" LOGIN PASSWORD NULL',
    'GRANT "p" TO "a", "o\'k"',
  ]);
});

test("passwords written to the catalog are not in the statements, and a missing one still is", () => {
  const [first, second, , , update = ""] = renderBatch(steps, "catalog").split(";\n");
  assert.equal(first, `CREATE ROLE "a" ${attributes} LOGIN`);
  assert.match(second ?? "", /PASSWORD NULL$/);
  assert.match(update, /^UPDATE pg_catalog\.pg_authid/);
  assert.ok(update.includes(`('a', 'md5${hash}')`));
});

test("other steps are as they are alone", () => {
  const drop: SystemStep = { kind: "drop-role", name: "x", why: "" };
  assert.equal(renderBatch([drop, drop], "catalog"), `${renderStep(drop)};\n${renderStep(drop)}`);
});
