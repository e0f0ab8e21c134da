import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { editIni, readIni } from "./ini.ts";

const edit = (text: string, settings: Readonly<Record<string, string>>): string =>
  editIni(text, "pgbouncer", new Map(Object.entries(settings)));

const plain = `;; where it goes
[databases]
* = host=localhost port=5432

[pgbouncer]
  ; indented comment = with an equals sign
listen_port = 6432
pool_mode=transaction
# pool_mode = statement

[users]
bob = pool_mode=session
`;

describe("editIni", () => {
  it("SVC-12: sets a key once and in place, and leaves everything else alone", () => {
    assert.equal(
      edit(plain, { pool_mode: "session" }),
      plain.replace("\npool_mode=transaction", "\npool_mode=session"),
    );
  });

  it("keeps the spacing of the line, also of an empty value", () => {
    assert.equal(edit("[pgbouncer]\n  a  =  1  \n", { a: "2" }), "[pgbouncer]\n  a  =  2\n");
    assert.equal(edit("[pgbouncer]\na =\n", { a: "2" }), "[pgbouncer]\na =2\n");
  });

  it("adds a new key at the end of its section, before the blank line", () => {
    assert.equal(
      edit(plain, { default_pool_size: "20" }),
      plain.replace("# pool_mode = statement\n", "# pool_mode = statement\ndefault_pool_size=20\n"),
    );
    assert.equal(edit("[pgbouncer]\na=1", { b: "2" }), "[pgbouncer]\na=1\nb=2\n");
  });

  it("SVC-13: never removes a key", () => {
    assert.equal(edit(plain, {}), plain);
  });

  it("is idempotent", () => {
    const once = edit(plain, { pool_mode: "session", a: "1" });
    assert.equal(edit(once, { pool_mode: "session", a: "1" }), once);
  });

  it("SVC-T2: adds a missing section instead of failing", () => {
    assert.equal(edit("", { a: "1" }), "[pgbouncer]\na=1\n");
    assert.equal(edit("[databases]\nx = y\n", { a: "1" }), "[databases]\nx = y\n\n[pgbouncer]\na=1\n");
  });

  it("SVC-T2: takes neither comments nor %include for keys, and stays before what an included file may begin", () => {
    const text = "[pgbouncer]\n; a=0\n   # a=0\n%include /etc/a=b.ini\nb = 1\n";
    assert.equal(edit(text, { a: "2", b: "3" }), "[pgbouncer]\n; a=0\n   # a=0\na=2\n%include /etc/a=b.ini\nb = 3\n");
  });

  it("leaves one of several lines for the same key, the one that counts", () => {
    assert.equal(edit("[pgbouncer]\na=1\nb=2\na=3\n", { a: "4" }), "[pgbouncer]\nb=2\na=4\n");
  });

  it("works on the last of several beginnings of a section, as pgbouncer forgets the others", () => {
    const text = "[pgbouncer]\na=1\n[users]\n[pgbouncer]\nb=1\n";
    assert.equal(edit(text, { a: "2" }), `${text}a=2\n`);
  });

  it("keeps Windows line ends", () => {
    assert.equal(edit("[pgbouncer]\r\na=1\r\n", { a: "2", b: "3" }), "[pgbouncer]\r\na=2\r\nb=3\r\n");
  });
});

describe("readIni", () => {
  it("reads the last value of a key, and none of a comment or of another section", () => {
    assert.equal(readIni(plain, "pgbouncer", "listen_port"), "6432");
    assert.equal(readIni("[pgbouncer]\na=1\na = 2 \n", "pgbouncer", "a"), "2");
    assert.equal(readIni(plain, "pgbouncer", "bob"), undefined);
    assert.equal(readIni(plain, "nowhere", "a"), undefined);
    assert.equal(readIni("[pgbouncer]\n;a=1\n", "pgbouncer", "a"), undefined);
  });
});
