import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { parse } from "yaml";
import type { ComputeStatus } from "../../compute/status.ts";
import { computeStatuses } from "../../compute/status.ts";
import type { Route } from "../route.ts";
import type { Reply, TestServer } from "../test-support.ts";
import { ask, emptyView, fakeControl, startTestServer } from "../test-support.ts";
import { routes } from "./index.ts";

const minimal = readFileSync(new URL("../../../test/fixtures/minimal.config.json", import.meta.url), "utf8");

interface Documented {
  readonly responses: readonly string[];
  readonly parameters: readonly string[];
  readonly isOpen: boolean;
}

/** A member of what the YAML parser made, which knows no types. */
function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

function membersOf(value: unknown): readonly [string, unknown][] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

function documentedParameter(parameter: unknown): readonly string[] {
  const place = member(parameter, "in");
  return place === "query" || place === "path" ? [`${place} ${String(member(parameter, "name"))}`] : [];
}

/** The document's operations, as `GET /status`. */
function readDocument(text: string): ReadonlyMap<string, Documented> {
  const operations = membersOf(member(parse(text), "paths")).flatMap(([path, item]) =>
    membersOf(item)
      .filter(([, operation]) => member(operation, "responses") !== undefined)
      .map(([method, operation]) => {
        const documented: Documented = {
          responses: membersOf(member(operation, "responses")).map(([status]) => status),
          parameters: membersOf(member(operation, "parameters")).flatMap(([, each]) => documentedParameter(each)),
          isOpen: member(operation, "security") !== undefined,
        };
        return [`${method.toUpperCase()} ${path}`, documented] as const;
      }),
  );
  return new Map(operations);
}

const keyOf = ({ method, path }: Route): string => `${method} ${path}`;

/** The statuses that a route's record stands for: its own, and those of the checks before it (HTTP-9). */
function statusesOf({ auth, input, allowedIn, responses }: Route): readonly string[] {
  const checks = [
    ...(auth === "jwt" ? [400, 401, 403] : []),
    ...(input.query.length > 0 ? [400] : []),
    ...(input.from === "target and json" ? [400, 408, 413, 415, 422] : []),
    ...(allowedIn === undefined ? [] : [412]),
  ];
  return [...new Set([...checks, ...responses].map(String))].sort();
}

function parametersOf({ path, input }: Route): readonly string[] {
  const names = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = ""]) => `path ${name}`);
  return [...names, ...input.query.map((name) => `query ${name}`)].sort();
}

const document = readDocument(readFileSync(new URL("../../../docs/behaviour/openapi.yaml", import.meta.url), "utf8"));
/** Documented, because the original has it in testing builds; this program has none (HTTP-74). */
const notServed = ["POST /failpoints"];

describe("openapi.yaml", () => {
  it("describes each route that there is, and no other", () => {
    assert.deepEqual([...document.keys()].filter((key) => !notServed.includes(key)).sort(), routes.map(keyOf).sort());
  });

  for (const route of routes) {
    it(`knows the parameters, statuses and authorization of ${keyOf(route)}`, () => {
      const documented = document.get(keyOf(route));
      assert.ok(documented);
      assert.deepEqual(documented.parameters.toSorted(), parametersOf(route));
      assert.deepEqual(documented.responses.toSorted(), statusesOf(route));
      assert.equal(documented.isOpen, route.auth === "open");
    });
  }
});

describe("every route", () => {
  let status: ComputeStatus = "empty";
  const control = fakeControl({
    status: () => ({ ...emptyView, status }),
    configure: () => Promise.resolve({ kind: "refused", status }),
    terminate: () => Promise.resolve({ kind: "refused", status }),
    refresh: () => ({ kind: "refused", status }),
  });
  const servers = new Map<string, TestServer>();
  before(async () => {
    for (const name of ["external", "internal"] as const) servers.set(name, await startTestServer({ name, control }));
  });
  after(() => Promise.all([...servers.values()].map((server) => server.close(0))));

  /** A request that is good but for the compute's status, and for what `headers` change. */
  function send(route: Route, headers: Record<string, string> = {}): Promise<Reply> {
    const server = servers.get(route.server);
    assert.ok(server);
    const query = route.path === "/database_schema" ? "?database=shop" : "";
    const body = goodBodies.get(route.path);
    const type = body === undefined ? {} : { "content-type": "application/json" };
    const name = route.path === "/ui/{file}" ? "page.js" : "x";
    return ask(server, route.method, `${route.path.replace(/\{.*/, name)}${query}`, {
      headers: { ...type, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }

  const { spec } = JSON.parse(minimal);
  const goodBodies = new Map([
    ["/configure", minimal],
    ["/promote", JSON.stringify({ spec, wal_flush_lsn: "0/16B3748" })],
    ["/extensions", '{"database":"postgres","extension":"plpgsql","version":"1.0"}'],
    ["/grants", '{"database":"shop","schema":"public","privileges":["USAGE"],"role":"amy"}'],
  ]);

  for (const route of routes) {
    it(`answers in every status of the compute as documented: ${keyOf(route)} (HTTP-21)`, async () => {
      const documented = document.get(keyOf(route))?.responses ?? [];
      for (status of computeStatuses) {
        const reply = await send(route);
        assert.ok(documented.includes(String(reply.status)), `${reply.status} in ${status}`);
        if (route.allowedIn === undefined) continue;
        assert.equal(reply.status === 412, !route.allowedIn.includes(status), `${reply.status} in ${status}`);
      }
    });

    it(`${route.auth === "open" ? "ignores" : "looks at"} the token: ${keyOf(route)} (HTTP-23, HTTP-24)`, async () => {
      status = "running";
      for (const [authorization, denied, text] of [
        ["Basic abc", 400, '{"error":"invalid authorization token"}'],
        ["Bearer zzz", 401, '{"error":"failed to verify authorization token"}'],
      ] as const) {
        const reply = await send(route, { authorization });
        if (route.auth === "open") assert.notEqual(reply.status, denied);
        else assert.deepEqual([reply.status, reply.body], [denied, text]);
        assert.equal(reply.headers["www-authenticate"], undefined);
      }
    });
  }
});
