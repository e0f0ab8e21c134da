import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { pageFileTypes } from "../status-page/packaged-page.ts";
import { ask, startTestServer, type TestServer } from "../test-support.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer({ name: "internal" });
});
after(() => server.close(0));

const folder = new URL("../status-page/files/", import.meta.url);
const files = globSync("*", { cwd: folder });
const texts = files.map((name) => [name, readFileSync(new URL(name, folder), "utf8")] as const);

describe("GET /ui and its files (HTTP-85)", () => {
  it("come under a policy that lets nothing else in, without a token, and are kept nowhere", async () => {
    for (const path of ["/ui", ...files.map((name) => `/ui/${name}`)]) {
      const { status, headers, body } = await ask(server, "GET", path, { headers: { authorization: "none" } });
      assert.equal(status, 200, path);
      const policy = String(headers["content-security-policy"]);
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/, path);
      for (const word of ["unsafe-inline", "unsafe-eval", "data:", "http", "*"])
        assert.ok(!policy.includes(word), word);
      assert.match(policy, /frame-ancestors 'none'; require-trusted-types-for 'script'$/);
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["referrer-policy"], "no-referrer");
      assert.equal(headers["cache-control"], "no-store");
      assert.equal(headers["content-length"], String(Buffer.byteLength(body)));
    }
  });

  it("have the types that browsers insist on", async () => {
    const type = async (path: string) => (await ask(server, "GET", path)).headers["content-type"];
    assert.equal(await type("/ui"), "text/html; charset=utf-8");
    assert.equal(await type("/ui/page.js"), "text/javascript; charset=utf-8");
    assert.equal(await type("/ui/style.css"), "text/css; charset=utf-8");
    assert.equal(await type("/ui/icon.svg"), "image/svg+xml");
  });

  it("are those in the folder, which the build takes along, and no others", async () => {
    assert.deepEqual(Object.keys(pageFileTypes).sort(), files.toSorted());
    for (const path of ["/ui/", "/ui/nothing.js", "/ui/toString", "/ui/..%2fpage-files.ts", "/ui/../ui"]) {
      assert.equal((await ask(server, "GET", path)).status, 404, path);
    }
    assert.equal((await ask(server, "POST", "/ui")).status, 405);
  });

  it("hold no script or style in markup, no markup in scripts, and no address of elsewhere", () => {
    for (const [name, text] of texts) {
      assert.doesNotMatch(text.replaceAll('xmlns="http://www.w3.org/2000/svg"', ""), /https?:|\/\/\w+\.\w/, name);
      assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/, name);
    }
    const html = new Map(texts).get("index.html") ?? "";
    assert.doesNotMatch(html, /<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:/);
  });

  it("are refused under a strange name, and to other sites' scripts (HTTP-86)", async () => {
    const status = async (path: string, headers: Record<string, string>) =>
      (await ask(server, "GET", path, { headers })).status;
    for (const path of ["/ui", "/ui/page.js", "/ui/state", "/ui/events"]) {
      assert.equal(await status(path, { host: "rebound.example" }), 403, path);
      const other = await status(path, { "sec-fetch-site": "cross-site" });
      assert.equal(other, path === "/ui" ? 200 : 403, path);
    }
  });

  it("answer HEAD like GET, without a body (HTTP-13)", async () => {
    for (const path of ["/ui", "/ui/state", "/ui/events"]) {
      const { status, body } = await ask(server, "HEAD", path);
      assert.deepEqual([status, body], [200, ""], path);
    }
  });

  it("are not on the external server", async () => {
    const external = await startTestServer({ name: "external" });
    for (const path of ["/ui", "/ui/state", "/ui/events", "/ui/page.js"]) {
      assert.equal((await ask(external, "GET", path)).status, 404, path);
    }
    await external.close(0);
  });
});

describe("GET /ui/state (HTTP-83)", () => {
  it("is what the page shows, once, as JSON", async () => {
    const { status, headers, body } = await ask(server, "GET", "/ui/state");
    assert.deepEqual([status, headers["content-type"]], [200, "application/json"]);
    const { state } = JSON.parse(body);
    assert.equal(state.overview.status, "empty");
    assert.equal(headers["x-content-type-options"], "nosniff");
  });
});
