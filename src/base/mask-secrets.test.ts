import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { maskSecrets, namesSecret } from "./mask-secrets.ts";

const jwt = "eyJhbGciOiJFZERTQSJ9.eyJjb21wdXRlX2lkIjoiYyJ9.J5nWAzUBIU3LWXVVc9BG7_TOMch2vF-5m9ZfIA_TYh";

describe("masking secrets", () => {
  const masked = [
    [`Authorization: Bearer ${jwt}`, "Authorization: Bearer [hidden]"],
    [`token_${jwt}, next`, "token_[hidden], next"],
    ["cut eyJhbGciOiJFZERTQSJ9.eyJjb21wd", "cut [hidden]"],
    ["bearer 0123456789abcdef0123/+=", "bearer [hidden]"],
    [
      "postgresql://cloud_admin:s3cret@localhost:5432/postgres",
      "postgresql://cloud_admin:[hidden]@localhost:5432/postgres",
    ],
    ["http://u:p@ss@h/x and a@b", "http://u:[hidden]@h/x and a@b"],
    ["host=h password=s3cret user=u", "host=h password=[hidden] user=u"],
    ["host=h password = 'it''s a secret' user=u", "host=h password = [hidden] user=u"],
    ["?password=s3cret&sslmode=require", "?password=[hidden]&sslmode=require"],
    ["CREATE ROLE r PASSWORD 's3cret'; x", "CREATE ROLE r PASSWORD [hidden]; x"],
    ['{"password": "s\\"cret", "a": 1}', '{"password": [hidden], "a": 1}'],
    ["'SCRAM-SHA-256$4096:c2FsdA==$a=:b='", "'SCRAM-SHA-256$[hidden]'"],
    ["'md5d41d8cd98f00b204e9800998ecf8427e'", "'md5[hidden]'"],
  ] as const;
  for (const [text, safe] of masked) it(`hides in ${text.slice(0, 40)}`, () => assert.equal(maskSecrets(text), safe));

  const harmless = [
    "synced safekeepers lsn=0/1700000",
    'FATAL:  password authentication failed for user "bob"',
    "GET http://127.0.0.1:3080/status of user@host",
    "bearer token is missing",
    "keyJob ran; see monkeyJungle.example",
    "md5 of the file is unknown",
  ];
  for (const text of harmless) it(`leaves ${text.slice(0, 40)}`, () => assert.equal(maskSecrets(text), text));

  it("takes long texts of its own triggers in linear time", () => {
    // Each would take minutes if the work grew with the square of the length.
    const million = 1_000_000;
    for (const piece of [
      "eyJ",
      "-eyJ",
      "://",
      "://a:",
      "password",
      "password ",
      "password='",
      'password="\\',
      "bearer ",
    ]) {
      assert.equal(typeof maskSecrets(piece.repeat(million / piece.length)), "string");
    }
    assert.equal(maskSecrets(`password='${"x".repeat(million)}`), "password=[hidden]");
  });

  it("knows values that are secret by their name", () => {
    assert.equal(namesSecret("http.request.header.authorization"), true);
    assert.equal(namesSecret("encrypted_password"), true);
    assert.equal(namesSecret("url.path"), false);
  });
});
