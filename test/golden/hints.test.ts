import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { it } from "node:test";
import { wantCatalog } from "../../src/catalog/wanted.ts";
import { decodeConfig } from "../../src/spec/decode.ts";
import { deriveSpec } from "../../src/spec/derive.ts";
import { describeRefusal, refusalForHttp } from "../../src/spec/describe-refusal.ts";
import { clusterWith, configText, type SpecChange, specText } from "../../src/spec/test-config.ts";
import type { Refusal } from "../../src/spec/types.ts";

/*
 * What people read for each mistake that FIELD-5 names. `UPDATE_GOLDEN=1 npm exec -- node --test test/golden/hints.test.ts` writes
 * the file anew: read the difference before it is committed.
 */

const golden = new URL("hints.txt", import.meta.url);

const spec = (change: SpecChange): string => configText(change);
const cluster = (members: string): string => spec({ cluster: `{"roles": [], "databases": [], ${members}}` });
const shards = (count: number, key: string): string =>
  spec({
    pageserver_connstring: undefined,
    pageserver_connection_info: `{"shard_count": ${count}, "stripe_size": 8, "shards": {"${key}": {"pageservers": []}}}`,
  });
const roleWith = (...options: readonly string[]): string => {
  const list = options.map((name) => ({ name, value: null, vartype: "bool" }));
  return spec({ cluster: JSON.stringify({ roles: [{ name: "a", options: list }], databases: [] }) });
};
const key = '{"kty": "OKP", "crv": "Ed25519", "x": "AA"}';
const placeholder = (name: string): string => `$${`{${name}}`}`;

/** A mistake, and an input that has it. `strict` for what is repaired otherwise. */
const mistakes: readonly (readonly [what: string, text: string, how?: "strict"])[] = [
  ["a bare spec given to -c", specText()],
  ["no compute_ctl_config", `{"spec": ${specText()}}`],
  ["compute_ctl_config inside the spec", `{"spec": ${specText({ compute_ctl_config: '{"jwks": {"keys": []}}' })}}`],
  ["jwks on top", `{"spec": ${specText()}, "jwks": {"keys": []}}`],
  ["keys on top", `{"spec": ${specText()}, "keys": []}`],
  ["compute_ctl_config is null", `{"spec": ${specText()}, "compute_ctl_config": null}`],
  ["no jwks", configText({}, "{}")],
  ["keys without jwks", configText({}, '{"keys": []}')],
  ["no keys", configText({}, '{"jwks": {}}')],
  ["jwks as a list", configText({}, `{"jwks": [${key}]}`)],
  ["jwks as a key", configText({}, `{"jwks": ${key}}`)],
  ["a config that is a list", "[]"],
  ["settings as an object", cluster('"settings": {"port": 5432}')],
  ["mode primary", spec({ mode: '"primary"' })],
  ["mode {Local: …}", spec({ mode: '{"Local": {}}' })],
  ["mode Static without an LSN", spec({ mode: '"static"' })],
  ["ids with dashes", spec({ tenant_id: '"00112233-4455-6677-8899-aabbccddeeff"' }), "strict"],
  ["shard key 0 of an unsharded tenant", shards(0, "0"), "strict"],
  ["shard key 0 of one of one", shards(1, "0")],
  ["shard key 1 of two", shards(2, "1")],
  ["a placeholder for an id", spec({ tenant_id: `"${placeholder("TENANT_ID")}"` })],
  ["a placeholder for an LSN", spec({ mode: '{"Static": "{{ lsn }}"}' })],
  ["a placeholder for a number", spec({ shard_stripe_size: placeholder("STRIPE_SIZE") })],
  [
    "a placeholder in a setting",
    spec({ tenant_id: undefined, cluster: clusterWith([["neon.tenant_id", placeholder("T")]]) }),
  ],
  ["a number where text is due", spec({ project_id: "42" })],
  ["a number for a token", spec({ storage_auth_token: "42" })],
  ["text where a number is due", spec({ suspend_timeout_seconds: '"300"' })],
  ["text where true or false is due", spec({ autoprewarm: '"true"' })],
  ["role options that contradict each other", roleWith("LOGIN", "NOLOGIN")],
  ["a role option that nobody knows", roleWith("LOGGIN")],
  ["several at once", spec({ mode: '"Primry"', tenant_id: '"x"', project_id: "1", swap_size_bytes: '"1"' })],
];

function refusalOf(text: string, strict: boolean): Refusal {
  const decoded = decodeConfig(text, { source: "file", strict });
  if (!decoded.ok) return decoded.refusal;
  assert.ok(decoded.value.spec !== null);
  const derived = deriveSpec(decoded.value.spec);
  if (!derived.ok) return derived.refusal;
  const catalog = wantCatalog(derived.value, {
    privilegedRoleName: "neon_superuser",
    appliedOperationUuid: null,
    strict,
  });
  assert.ok(!catalog.ok, `accepted: ${text}`);
  return { kind: "derive", problems: catalog.problems };
}

it("FIELD-5: what a person reads for each usual mistake is as it was reviewed", () => {
  const told = mistakes.map(([what, text, how]) => {
    const refusal = refusalOf(text, how === "strict");
    const { status, error } = refusalForHttp(refusal);
    const heading = `## ${what}${how === undefined ? "" : ", with --strict"}`;
    return `${heading}\n\nError: ${describeRefusal(refusal, "config.json")}\n\nHTTP ${status}: ${error}\n`;
  });
  const text = told.join("\n");
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, text);
  assert.equal(text, readFileSync(golden, "utf8"));
});

it("FIELD-5: every mistake comes with a hint, which says what to do", () => {
  for (const [what, text, how] of mistakes) {
    const { problems } = refusalOf(text, how === "strict");
    const hints = problems.flatMap(({ hint }) => (hint === undefined ? [] : [hint]));
    assert.ok(hints.length > 0, what);
    for (const hint of hints)
      assert.match(
        hint,
        /\b(?:write|put|move|add|wrap|replace|keep|a list|is an object|must have|known options)\b/,
        what,
      );
  }
});
