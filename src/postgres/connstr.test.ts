import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Connstr, describeConnstr, parseAnyConnstr, parseConnstr, sessionOptions } from "./connstr.ts";

const plain: Connstr = {
  user: "cloud_admin",
  password: null,
  host: "localhost",
  port: 5432,
  database: "postgres",
  options: null,
};
const sessionDefaults =
  "-c role=cloud_admin -c default_transaction_read_only=off -c search_path='' -c statement_timeout=0 -c pgaudit.log=none " +
  "-c session_preload_libraries= -c local_preload_libraries=";

function read(text: string): Connstr {
  const parsed = parseConnstr(text);
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.message);
  return parsed.value;
}

function problem(text: string): string {
  const parsed = parseConnstr(text);
  assert.ok(!parsed.ok, "it was accepted");
  return parsed.message;
}

describe("the connection string (CLI-6)", () => {
  const rows: readonly (readonly [string, Partial<Connstr>])[] = [
    ["postgresql://cloud_admin@localhost:5432/postgres", {}],
    ["postgres://cloud_admin@localhost/postgres", {}],
    ["postgresql://cloud_admin@localhost", { database: "cloud_admin" }],
    ["postgresql://cloud_admin@127.0.0.1:55432/db", { host: "127.0.0.1", port: 55432, database: "db" }],
    ["postgresql://cloud_admin@[::1]:1/postgres", { host: "::1", port: 1 }],
    ["postgresql://cloud_admin@%2Frun%2Fpg/postgres", { host: "/run/pg" }],
    ["postgresql:///postgres?host=/run/pg&user=cloud_admin&port=7", { host: "/run/pg", port: 7 }],
    ["postgresql://cloud_admin@db.example/postgres?hostaddr=10.0.0.7", { host: "10.0.0.7" }],
    ["postgresql://a%40b:p%3Aw@localhost/d%20b", { user: "a@b", password: "p:w", database: "d b" }],
    ["postgresql://cloud_admin@localhost/x?dbname=postgres&password=a+b", { password: "a+b" }],
    ["postgresql://cloud_admin@localhost/postgres?sslmode=disable&connect_timeout=2&application_name=x", {}],
    ["postgresql://cloud_admin@localhost/postgres?options=-c%20work_mem%3D8MB", { options: "-c work_mem=8MB" }],
  ];
  for (const [text, differs] of rows) {
    it(`reads ${text}`, () => assert.deepEqual(read(text), { ...plain, ...differs }));
  }

  it("refuses key=value text", () => {
    assert.match(problem("host=localhost user=x"), /^cannot parse connstr as a URL/);
    assert.match(problem(""), /^cannot parse connstr as a URL/);
  });

  const bad = [
    ["http://cloud_admin@localhost/postgres", /the scheme is http/],
    ["postgresql://localhost/postgres", /names no user/],
    ["postgresql://u@localhost:0/postgres", /port/],
    ["postgresql://u@localhost/postgres?port=x", /port/],
    ["postgresql://u@a,b/postgres", /several hosts/],
    ["postgresql://u@localhost/postgres?sslmode=require", /TLS/],
    ["postgresql://u@localhost/postgres?options", /a parameter other than/],
    ["postgresql://u@localhost/postgres?nonsense=1", /a parameter other than/],
    ["postgresql://u@localhost/%zz", /percent/],
    ["postgresql://u@localhost/postgres?options=%zz", /percent/],
    ["postgresql://u@localhost/a%00b", /NUL/],
    ["postgresql://u@localhost/postgres#x", /fragment/],
  ] as const;
  for (const [text, why] of bad) {
    it(`refuses ${text}`, () => {
      assert.match(problem(text), /^cannot build postgres config from connstr: /);
      assert.match(problem(text), why);
    });
  }

  it("never repeats a password in a message, not even one with unescaped characters", () => {
    for (const text of [
      "postgresql://u:se?cret@localhost/db",
      "postgresql://u:12?cret=1@localhost/db",
      "postgresql://u:secret#@h/db",
    ]) {
      assert.doesNotMatch(problem(text), /cret/);
    }
  });

  it("is shown without password and options", () => {
    assert.equal(
      describeConnstr(read("postgresql://u:secret@[::1]:7/db?options=-c%20x%3Dy")),
      "postgresql://u@[::1]:7/db",
    );
    assert.equal(describeConnstr(read("postgresql://u@%2Frun%2Fpg/db")), "postgresql://u@%2Frun%2Fpg:5432/db");
  });
});

describe("session options (CLI-6)", () => {
  it("are the five settings and no libraries, then the connection string's own, which win", () => {
    assert.equal(sessionOptions(plain), sessionDefaults);
    const own = read("postgresql://cloud_admin@localhost/postgres?options=-c%20work_mem%3D8MB");
    assert.equal(sessionOptions(own), `${sessionDefaults} -c work_mem=8MB`);
  });
});

describe("parseAnyConnstr (VM-24)", () => {
  const named = (text: string) => {
    const parsed = parseAnyConnstr(text);
    assert.ok(parsed.ok, parsed.ok ? "" : parsed.message);
    return parsed.value;
  };

  it("VM-1: reads the vm-monitor's usual pairs", () => {
    const usual =
      "host=localhost port=5432 dbname=postgres user=cloud_admin sslmode=disable application_name=vm-monitor";
    assert.deepEqual(named(usual), { connstr: plain, applicationName: "vm-monitor" });
  });

  it("VM-24: takes a URL as well, and a password with anything in it", () => {
    assert.deepEqual(named("postgresql://cloud_admin@localhost/postgres"), { connstr: plain, applicationName: null });
    assert.equal(named("user=u password='a b?c=d' host=::1").connstr.password, "a b?c=d");
  });

  it("shows nothing of what it cannot use (trap 15)", () => {
    for (const text of [
      "user=u hunter2",
      "user=u passwrd=hunter2",
      "postgresql://u:hunter2@h:x/",
      "host=hunter2",
      "user=u sslmode=require password=hunter2",
    ]) {
      const parsed = parseAnyConnstr(text);
      assert.ok(!parsed.ok, text);
      assert.doesNotMatch(parsed.message, /hunter2/);
    }
  });
});
