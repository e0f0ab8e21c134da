import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatHostPort, parseConnectionTarget, parseHostPort } from "./connection-target.ts";
import { ConnectionTargetError } from "./errors.ts";

const parse = (text: string) => parseConnectionTarget(text, "me");

describe("connection strings (BASE-30)", () => {
  it("a URL with everything in it", () => {
    assert.deepEqual(
      parse(
        "postgresql://us%40er:p%3Ass@ps-1:64000/db?sslmode=verify-full&sslrootcert=%2Fca.pem&application_name=x&options=-c%20a&keepalives=0&connect_timeout=3",
      ),
      {
        hosts: [{ host: "ps-1", port: 64000 }],
        user: "us@er",
        password: "p:ss",
        database: "db",
        options: "-c a",
        applicationName: "x",
        sslmode: "verify-full",
        sslRootCert: "/ca.pem",
        connectMsMax: 3000,
        keepAlive: false,
      },
    );
  });

  it("the defaults: port 5432, the OS user, TLS only where the server insists, no limit, keepalives", () => {
    assert.deepEqual(parse("postgres://ps"), {
      hosts: [{ host: "ps", port: 5432 }],
      user: "me",
      password: null,
      database: null,
      options: null,
      applicationName: null,
      sslmode: "allow",
      sslRootCert: null,
      connectMsMax: null,
      keepAlive: true,
    });
  });

  const hostTexts: readonly (readonly [string, readonly string[]])[] = [
    ["postgresql://?host=ps&port=64000", ["ps:64000"]],
    ["postgresql://no_user@?host=a,b&port=1,2", ["a:1", "b:2"]],
    ["postgresql://a:1,b,c:3/", ["a:1", "b:5432", "c:3"]],
    ["postgresql://[::1]:64000,[fe80::2]", ["[::1]:64000", "[fe80::2]:5432"]],
    ["host=ps port=64000", ["ps:64000"]],
    ["host=a,b port=64000", ["a:64000", "b:64000"]],
    ["host=a,b port=64000,", ["a:64000", "b:5432"]],
    ["host = 'a' port = 1 ", ["a:1"]],
    ["host=name hostaddr=10.0.0.1", ["10.0.0.1:5432"]],
    ["host=::1", ["[::1]:5432"]],
  ];
  for (const [text, hosts] of hostTexts) {
    it(`hosts of ${text}`, () => assert.deepEqual(parse(text).hosts.map(formatHostPort), hosts));
  }

  it("key=value with quotes and escapes", () => {
    assert.equal(parse(String.raw`host=ps user='it\'s' `).user, "it's");
    assert.equal(parse(String.raw`host=ps password='a b\\c'`).password, String.raw`a b\c`);
    assert.equal(parse(String.raw`host=ps password=a\ b`).password, "a b");
  });

  const bad: readonly (readonly [string, RegExp])[] = [
    ["host=ps sslcert=x", /unknown key "sslcert"/],
    ["postgresql://ps?foo=1", /unknown key "foo"/],
    ["", /no host/],
    ["postgresql://", /no host/],
    ["postgresql://a,,b", /no host/],
    ["host=/tmp", /Unix sockets/],
    ["host=a,b port=1,2,3", /2 hosts but 3 ports/],
    ["host=a port=0", /out of range/],
    ["host=a port=65536", /out of range/],
    ["host=a port=x", /not a whole number/],
    ["postgresql://a:x", /malformed host/],
    ["postgresql://%zz@a", /percent/],
    ["host=a sslmode=Require", /sslmode must be one of disable, allow, /],
    ["host=a connect_timeout=-1", /connect_timeout/],
    ["host=a password='open", /malformed/],
    ["just text", /malformed/],
    ["http://a", /malformed/],
  ];
  for (const [text, message] of bad) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parse(text), message));
  }

  it("an error never shows the password", () => {
    for (const text of [
      "postgresql://u:hunter2@a:port",
      "host=a password='hunter2",
      "password=hunter2 sslmode=x host=a",
    ]) {
      assert.throws(
        () => parse(text),
        (error) => error instanceof ConnectionTargetError && !error.message.includes("hunter2"),
      );
    }
  });

  it("whatever the text, it is a target or a ConnectionTargetError", () => {
    const noise = fc.oneof(
      fc.string(),
      fc.string().map((text) => `postgresql://${text}`),
      fc.string().map((text) => `host=a ${text}`),
    );
    fc.assert(
      fc.property(noise, (text) => {
        try {
          assert.ok(parse(text).hosts.length > 0);
        } catch (error) {
          assert.ok(error instanceof ConnectionTargetError, String(error));
        }
      }),
    );
  });
});

describe("safekeeper entries (BASE-14)", () => {
  it("names and addresses", () => {
    assert.deepEqual(parseHostPort("sk-1.local:5454"), { host: "sk-1.local", port: 5454 });
    assert.deepEqual(parseHostPort("[::1]:5454"), { host: "::1", port: 5454 });
    assert.deepEqual(parseHostPort(" 127.0.0.1:1 "), { host: "127.0.0.1", port: 1 });
  });

  for (const bad of ["", "sk-1", ":5454", "::1:5454", "[::1]", "sk:0", "sk:70000", "g#1:sk:5454", "a:1,b:2"]) {
    it(`refuses ${JSON.stringify(bad)}`, () => {
      assert.throws(() => parseHostPort(bad), ConnectionTargetError);
    });
  }
});
