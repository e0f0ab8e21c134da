import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { adminConsole, judgeReload, pgbouncerSettings, type ShownParameter } from "./pgbouncer.ts";

describe("adminConsole", () => {
  const facts = { isVm: false, socketFolder: "/tmp", password: "tide", ini: null };

  it("SVC-11: is TCP with a password outside VMs, a Unix socket without one on a VM", () => {
    assert.deepEqual(adminConsole(facts), {
      ...{ host: "localhost", port: 6432, user: "postgres", password: "tide", database: "pgbouncer" },
    });
    assert.deepEqual(adminConsole({ ...facts, isVm: true }), {
      ...{ host: "/tmp", port: 6432, user: "pgbouncer", password: null, database: "pgbouncer" },
    });
  });

  it("SVC-73: is at the port that the ini file names", () => {
    assert.equal(adminConsole({ ...facts, ini: "[pgbouncer]\nlisten_port = 7000\n" }).port, 7000);
    assert.equal(adminConsole({ ...facts, ini: "[pgbouncer]\nlisten_port = x\n" }).port, 6432);
  });
});

describe("pgbouncerSettings", () => {
  it("SVC-10: puts TLS above the spec's map", () => {
    const wanted = new Map([
      ["pool_mode", "session"],
      ["client_tls_sslmode", "require"],
    ]);
    assert.deepEqual(pgbouncerSettings(wanted, null), wanted);
    assert.deepEqual(Object.fromEntries(pgbouncerSettings(wanted, { keyPath: "/k", certPath: "/c" })), {
      pool_mode: "session",
      client_tls_cert_file: "/c",
      client_tls_key_file: "/k",
      client_tls_sslmode: "allow",
    });
  });

  it("refuses what would become other lines, naming the field and never the value", () => {
    assert.throws(
      () => pgbouncerSettings(new Map([["a", "secret\nb=2"]]), null),
      (error: Error) => {
        assert.match(error.message, /spec\.pgbouncer_settings\.a has a line break/);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
    for (const name of ["", "a b", "a=b", "[x]", ";a", "%include"]) {
      assert.throws(() => pgbouncerSettings(new Map([[name, "1"]]), null), /which pgbouncer cannot have/, name);
    }
  });
});

describe("judgeReload", () => {
  const shown = (values: Readonly<Record<string, string>>, changeable = true): ReadonlyMap<string, ShownParameter> =>
    new Map(Object.entries(values).map(([name, value]) => [name, { value, default: "-1", changeable }]));
  const judge = (name: string, value: string, before: string, after: string, changeable = true, isNew = true) =>
    judgeReload(
      new Map([[name, value]]),
      new Set(isNew ? [name] : []),
      shown({ [name]: before }, changeable),
      shown({ [name]: after }, changeable),
    );
  const nothing = { refused: [], needRestart: [], overruled: [] };

  it("has nothing to say of what was taken, in whatever spelling", () => {
    assert.deepEqual(judge("pool_mode", "session", "transaction", "session"), nothing);
    assert.deepEqual(judge("server_idle_timeout", "60.0", "10", "60"), nothing);
    assert.deepEqual(judge("log_connections", "Yes", "0", "1"), nothing);
  });

  it("tells what was refused from what waits for a restart and what another file overrules", () => {
    assert.deepEqual(judge("pool_mode", "nonsense", "session", "session"), { ...nothing, refused: ["pool_mode"] });
    const reset = new Map([["pool_mode", { value: "session", default: "session", changeable: true }]]);
    const wanted = new Map([["pool_mode", "nonsense"]]);
    assert.deepEqual(judgeReload(wanted, new Set(["pool_mode"]), shown({ pool_mode: "transaction" }), reset), {
      ...nothing,
      refused: ["pool_mode"],
    });
    assert.deepEqual(judge("listen_port", "7", "6", "6", false), { ...nothing, needRestart: ["listen_port"] });
    assert.deepEqual(judge("a", "1", "2", "2", true, false), { ...nothing, overruled: ["a"] });
    assert.deepEqual(judge("a", "1", "2", "3"), { ...nothing, overruled: ["a"] });
  });

  it("counts a name that pgbouncer does not know as refused", () => {
    const verdict = judgeReload(new Map([["no_such", "1"]]), new Set(), shown({}), shown({ pool_mode: "session" }));
    assert.deepEqual(verdict, { ...nothing, refused: ["no_such"] });
  });
});
