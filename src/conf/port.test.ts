import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cluster } from "../spec/types.ts";
import { portMismatch } from "./port.ts";

function cluster(settings: Record<string, string> | null, postgresqlConf: string | null = null): Cluster {
  const list = Object.entries(settings ?? {}).map(([name, value]) => ({ name, value, vartype: "integer" }));
  return {
    clusterId: null,
    name: null,
    state: null,
    roles: [],
    databases: [],
    postgresqlConf,
    settings: settings && list,
  };
}

describe("portMismatch", () => {
  it("is silent when the connection string leads to Postgres", () => {
    assert.equal(portMismatch(cluster({ port: "55432" }), 55432), undefined);
    assert.equal(portMismatch(cluster(null, "port=55432\n"), 55432), undefined);
    assert.equal(portMismatch(cluster(null), 5432), undefined);
  });

  it("names both ports when it does not", () => {
    assert.match(portMismatch(cluster({ port: "5432" }), 55432) ?? "", /port 5432, but --connstr names port 55432/);
    assert.match(portMismatch(cluster(null), 55432) ?? "", /port 5432/);
  });
});
