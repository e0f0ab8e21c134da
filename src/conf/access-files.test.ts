import assert from "node:assert/strict";
import test from "node:test";
import { hbaText, identText } from "./access-files.ts";

const rule = "host\tall\t\tall\t\tall\t\tmd5";

test("CONF-61: clients from everywhere may come with a password, after the rules of the base backup", () => {
  assert.equal(hbaText("local all all trust\n", "md5", null), `local all all trust\n\n${rule}`);
  assert.equal(hbaText(null, "md5", null), rule);
});

test("CONF-61: the rule is there once, however often it is asked for", () => {
  const text = hbaText("local all all trust\n", "md5", "/etc/hba.conf");
  assert.equal(hbaText(text, "md5", "/etc/hba.conf"), text);
});

test("the password method can be SCRAM alone", () => {
  assert.equal(hbaText(null, "scram-sha-256", null), "host\tall\t\tall\t\tall\t\tscram-sha-256");
});

test("CONF-T11: an included file of rules comes before the trust rules", () => {
  const text = hbaText("local all all trust\n", "md5", "/etc/hba.conf");
  assert.equal(text, `include_if_exists /etc/hba.conf\nlocal all all trust\n\n${rule}`);
});

test("CONF-62: the maps are included by pg_ident.conf; a path with blanks is quoted", () => {
  assert.equal(identText("# maps\n", "/etc/ident.conf"), "include_if_exists /etc/ident.conf\n# maps\n");
  assert.equal(identText(null, '/etc/my "maps"'), 'include_if_exists "/etc/my ""maps"""\n');
});
