import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { isEmptyPassword } from "./empty-password.ts";
import { scramVerifier } from "./test-verifier.ts";

const md5 = (text: string): string => `md5${createHash("md5").update(text).digest("hex")}`;

test("a verifier of the empty password is recognised in both forms, another one is not", async () => {
  assert.equal(await isEmptyPassword("alice", scramVerifier("")), true);
  assert.equal(await isEmptyPassword("alice", scramVerifier("secret")), false);
  assert.equal(await isEmptyPassword("alice", md5("alice")), true);
  assert.equal(await isEmptyPassword("alice", md5("secretalice")), false);
  assert.equal(await isEmptyPassword("bob", md5("alice")), false);
});
