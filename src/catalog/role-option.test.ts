import assert from "node:assert/strict";
import { test } from "node:test";
import type { GenericOption } from "../spec/types.ts";
import { recogniseRoleOptions } from "./role-option.ts";

function recognise(...options: readonly (readonly [string, string?, string?])[]) {
  const generic = options.map(([name, value = null, vartype = "bool"]): GenericOption => ({ name, value, vartype }));
  const {
    options: found,
    managesPassword,
    problems,
  } = recogniseRoleOptions("r", generic, "options", { strict: false });
  return { texts: found.map(({ text }) => text), managesPassword, problems };
}

test("attributes, a connection limit and an expiry are known, in any case", () => {
  const { texts, problems } = recognise(
    ["nosuperuser"],
    ["CONNECTION LIMIT", "25", "integer"],
    ["VALID UNTIL", "o'clock \\", "string"],
  );
  assert.deepEqual(texts, ["NOSUPERUSER", "CONNECTION LIMIT 25", "VALID UNTIL E'o''clock \\\\'"]);
  assert.deepEqual(problems, []);
});

test("a repetition is dropped, a contradiction is a problem that names role and options (T7, chapter 02 trap 10)", () => {
  assert.deepEqual(recognise(["NOLOGIN"], ["nologin"]).texts, ["NOLOGIN"]);
  const [problem, ...others] = recognise(["LOGIN"], ["NOLOGIN"]).problems;
  assert.equal(problem?.path, "options[1]");
  assert.equal(problem?.message, 'role "r": options "LOGIN" and "NOLOGIN" contradict each other');
  assert.deepEqual(others, []);
});

test("unknown and malformed options are problems (T7)", () => {
  const bad: readonly (readonly [string, string?, string?])[] = [
    ["FLYING"],
    ["LOGIN", "true"],
    ["CONNECTION LIMIT", "5; DROP ROLE x", "integer"],
    ["VALID UNTIL", "'x' SUPERUSER", "enum"],
    ["IN ROLE", "pg_monitor", "enum"],
    ["PASSWORD", "x", "string"],
  ];
  for (const option of bad) {
    const [problem] = recognise(option).problems;
    assert.equal(problem?.message, `role "r": option "${option[0]}" is unknown or malformed`);
  }
});

test("managed_password false leaves an existing password alone (FIELD-9)", () => {
  assert.deepEqual(recognise(["managed_password", "false"]), { texts: [], managesPassword: false, problems: [] });
  assert.equal(recognise(["managed_password", "true"]).managesPassword, true);
});
