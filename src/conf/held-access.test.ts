import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { heldHba } from "./held-access.ts";

const rules = (text: string, user = "cloud_admin"): readonly string[] =>
  heldHba(text, user)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

describe("heldHba (FIELD-2)", () => {
  it("keeps the rules that let the user in, for this user alone", () => {
    const text = [
      "# TYPE  DATABASE  USER  ADDRESS  METHOD",
      "local   all             all                                     trust",
      "host    all             all             127.0.0.1/32            trust  # local",
      "host    shop            app,cloud_admin 10.0.0.0/8              md5",
      "hostssl all             app             all                     scram-sha-256",
      "",
    ].join("\n");
    assert.deepEqual(rules(text), [
      'local\tall\t"cloud_admin"\ttrust',
      'host\tall\t"cloud_admin"\t127.0.0.1/32\ttrust',
      'host\tshop\t"cloud_admin"\t10.0.0.0/8\tmd5',
    ]);
  });

  it("takes a quoted name for that name, and a quoted all for nobody but all", () => {
    assert.deepEqual(rules('host all "a ""b""" all md5', 'a "b"'), ['host\tall\t"a ""b"""\tall\tmd5']);
    assert.deepEqual(rules('host all "all" all md5'), []);
  });

  it("leaves out included files, groups and patterns, which may let others in", () => {
    assert.deepEqual(rules("include_if_exists /x/pg_hba.conf\nhost all +admins all md5\nhost all /^c all md5\n"), []);
  });
});
