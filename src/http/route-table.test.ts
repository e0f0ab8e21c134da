import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { empty } from "./answer.ts";
import { noInput } from "./input.ts";
import type { Route } from "./route.ts";
import { createRouteTable, findRoute } from "./route-table.ts";

function route(method: Route["method"], path: string, server: Route["server"] = "external"): Route<undefined> {
  return { server, method, path, auth: "open", input: noInput, responses: [200], handle: () => empty(200) };
}

const table = createRouteTable("external", [
  route("POST", "/lfc/prewarm"),
  route("DELETE", "/lfc/prewarm"),
  route("GET", "/lfc/prewarm"),
  route("GET", "/status"),
  route("POST", "/terminate"),
  route("POST", "/grants", "internal"),
  route("POST", "/files/{name}"),
]);

describe("findRoute", () => {
  it("finds a route by method and path, and a GET route for HEAD (HTTP-13)", () => {
    for (const method of ["GET", "HEAD"]) {
      const match = findRoute(table, method, "/status");
      assert.equal(match.kind === "route" && match.route.path, "/status");
    }
  });

  it("names the methods of a path in the documented order (HTTP-12)", () => {
    const allowed = [
      ["/status", "GET,HEAD"],
      ["/terminate", "POST"],
      ["/lfc/prewarm", "GET,HEAD,POST,DELETE"],
    ] as const;
    for (const [path, allow] of allowed) {
      assert.deepEqual(findRoute(table, "PUT", path), { kind: "wrong-method", path, allow });
    }
  });

  it("hands over what stands for a name in braces, undecoded; it is not empty (HTTP-72)", () => {
    for (const [path, rest] of [
      ["/files/a", "a"],
      ["/files/a/b%20c", "a/b%20c"],
      ["/files//", "/"],
    ] as const) {
      const match = findRoute(table, "POST", path);
      assert.equal(match.kind === "route" && match.rest, rest);
    }
    for (const path of ["/files/", "/files", "/files{name}"]) {
      assert.equal(findRoute(table, "POST", path).kind, "unknown-path", path);
    }
    assert.deepEqual(findRoute(table, "GET", "/files/a"), {
      kind: "wrong-method",
      path: "/files/{name}",
      allow: "POST",
    });
  });

  it("does not serve HEAD where there is no GET (HTTP-13)", () => {
    assert.equal(findRoute(table, "HEAD", "/terminate").kind, "wrong-method");
  });

  it("matches byte for byte and keeps the servers apart (HTTP-10, HTTP-11)", () => {
    for (const path of ["/status/", "/%73tatus", "/Status", "//status", "", "*", "/grants"]) {
      assert.equal(findRoute(table, "GET", path).kind, "unknown-path", path);
    }
  });
});
