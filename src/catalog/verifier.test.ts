import assert from "node:assert/strict";
import { test } from "node:test";
import { isVerifier, storedVerifier, verifierAfterRename } from "./verifier.ts";

const hash = "0123456789abcdef0123456789abcdef";
const scram = "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy";

test("V3: a hash gets its prefix, a verifier stands for itself, and so does a complete md5 hash (T5)", () => {
  assert.equal(storedVerifier(hash), `md5${hash}`);
  assert.equal(storedVerifier(scram), scram);
  assert.equal(storedVerifier(`md5${hash}`), `md5${hash}`);
});

test("what Postgres would take for a clear password is no verifier (T5, T6, chapter 02 trap 9)", () => {
  assert.ok([`md5${hash}`, scram].every(isVerifier));
  const junk = [
    "md5hello",
    "md5md5deadbeef",
    `md5${hash.toUpperCase()}`,
    `${scram}'`,
    "SCRAM-SHA-256$4096:x",
    "",
    "hello",
  ];
  for (const text of junk) assert.equal(isVerifier(text), false, text);
});

test("a rename clears md5 hashes only (APPLY-24)", () => {
  assert.equal(verifierAfterRename(`md5${hash}`), null);
  assert.equal(verifierAfterRename(scram), scram);
  assert.equal(verifierAfterRename(null), null);
});
