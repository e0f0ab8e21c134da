import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { databaseOptionsText, roleOptionsText, sqlOption } from "./option-text.ts";
import { storedVerifier } from "./verifier.ts";

const vectors = JSON.parse(readFileSync(new URL("../../test/fixtures/quoting/vectors.json", import.meta.url), "utf8"));

test("options become SQL as the vectors say (SPEC-50, APPLY-15, CONF-34)", () => {
  assert.ok(vectors.sql_option.length > 0);
  for (const { input, output } of vectors.sql_option) assert.equal(sqlOption(input), output);
});

test("role options end with LOGIN and the password as the vectors say (APPLY-16, CONF-34, SPEC-53)", () => {
  assert.ok(vectors.role_options.length > 0);
  for (const { input, output } of vectors.role_options) {
    const { encrypted_password: password, options } = input;
    const verifier = password === null ? null : storedVerifier(password);
    assert.equal(roleOptionsText((options ?? []).map(sqlOption), verifier, "implied"), output.trimStart());
  }
});

test("database options end with the owner as the vectors say (APPLY-17, CONF-34, SPEC-54)", () => {
  assert.ok(vectors.database_options.length > 0);
  for (const { input, output } of vectors.database_options) {
    const { owner, options } = input;
    assert.equal(databaseOptionsText((options ?? []).map(sqlOption), owner), output.trimStart());
  }
});

test("V16: a limit, an expiry and a hash", () => {
  assert.equal(
    roleOptionsText(["CONNECTION LIMIT 7"], storedVerifier("aabb"), "implied"),
    "CONNECTION LIMIT 7 LOGIN PASSWORD 'md5aabb'",
  );
  const validUntil = sqlOption({ name: "VALID UNTIL", value: "2030-01-01", vartype: "string" });
  assert.equal(roleOptionsText([validUntil], null, "implied"), "VALID UNTIL '2030-01-01' LOGIN PASSWORD NULL");
});

test("an option that decides about LOGIN stands alone (FIELD-9)", () => {
  assert.equal(roleOptionsText(["NOLOGIN"], null, "given"), "NOLOGIN PASSWORD NULL");
});

test("a quote in a verifier does not end the literal (T6, CONF-T18)", () => {
  assert.equal(roleOptionsText([], "a'b", "implied"), "LOGIN PASSWORD 'a''b'");
});
