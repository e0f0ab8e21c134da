import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ComputeProcess } from "../support/compute-process.ts";
import { answer, halfOf, withControlPlane } from "../support/control-plane.ts";
import { withWorld } from "../support/world.ts";

const env = { NEON_CONTROL_PLANE_TOKEN: "made-up-control-plane-token" };

/** Asks a probe until it answers as wanted; the program opens its port a little after its first failure. */
async function probe(compute: ComputeProcess, path: string, wanted: (text: string) => boolean): Promise<string> {
  for (;;) {
    const reply = await compute.request("GET", path, { token: null }).catch(() => undefined);
    if (reply !== undefined && wanted(reply.text)) return `${reply.status} ${reply.text}`;
    await delay(20);
  }
}

describe("a control plane that is not there yet (FIELD-3)", () => {
  it("is outlasted for 20 s, then through 500, 503, garbage and half a body, in a few lines of log", (t) =>
    withWorld({}, (world) =>
      withControlPlane(async (controlPlane) => {
        const config = { status: "attached", ...world.config() };
        const compute = await world.start({ args: ["--control-plane-uri", controlPlane.uri], env });

        await t.test("FIELD-2: /readyz and /status say meanwhile what is waited for, without a token", async () => {
          const ready = await probe(compute, "/readyz", (text) => text.includes("ECONNREFUSED"));
          assert.match(ready, /^503 \{"status":"init","waiting_for":"waiting for the control plane: .*ECONNREFUSED/);
          const status = JSON.parse((await compute.request("GET", "/status", { token: null })).text);
          assert.equal(status.status, "init");
          assert.match(status.error, /^waiting for the control plane: .*ECONNREFUSED/);
          assert.equal((await compute.request("GET", "/healthz", { token: null })).status, 200);
          const { text } = await compute.request("GET", "/metrics", { token: null });
          assert.match(text, /compute_ctl_cplane_requests_total\{http_status="unknown",rpc="GetConfig"\} \d+/);
        });
        await t.test("no other route is there", async () => {
          for (const [method, path] of [
            ["POST", "/configure"],
            ["GET", "/metrics.json"],
            ["GET", "/logs"],
          ] as const)
            assert.equal((await compute.request(method, path)).status, 404, path);
        });

        // Not to wait until something has happened: the time itself is what is asked for.
        await delay(20_000);
        controlPlane.answers(answer(500), answer(503), answer(200, "<html>"), halfOf(config), answer(200, config));
        await controlPlane.open();
        const seen = await compute.waitFor("running", 60_000);
        assert.ok(!seen.includes("empty") && !seen.includes("failed"), seen.join());

        const log = compute.log();
        const story = log
          .split("\n")
          .filter((line) => /control plane/.test(line))
          .map((line) => line.replace(/^\S+ +/, ""));
        const chapters = [
          /^WARN waiting for the control plane: connect ECONNREFUSED .*attempt 1\)$/,
          /^WARN waiting for the control plane: the control plane is not ready: 500 Internal Server Error/,
          /^WARN waiting for the control plane: the control plane is not ready: 503 Service Unavailable/,
          /^WARN waiting for the control plane: the answer of the control plane is no config: .*line 1 column 1/,
          /^WARN waiting for the control plane: (?:aborted|.*(?:closed|terminated|hang up|reset))/,
          /^INFO the control plane gave a config at attempt \d+, after \d+\.\d s$/,
        ];
        assert.equal(story.length, chapters.length, story.join("\n"));
        for (const [index, chapter] of chapters.entries()) assert.match(story[index] ?? "", chapter);
        assert.doesNotMatch(log, /made-up-control-plane-token/);
        assert.deepEqual(
          new Set(controlPlane.requests.map(({ url, authorization }) => `${url} ${authorization}`)),
          new Set(["/compute/api/v2/computes/compute-e2e/spec Bearer made-up-control-plane-token"]),
        );
        assert.equal((await compute.request("GET", "/readyz", { token: null })).status, 200);
        assert.equal((await compute.request("GET", "/status", { token: null })).status, 400, "it needs a token again");
      }),
    ));

  it("starts after 500, 500, 200; with --strict the first 500 is the end", () =>
    withWorld({}, (world) =>
      withControlPlane(async (controlPlane) => {
        const config = { status: "attached", ...world.config() };
        await controlPlane.open();
        controlPlane.answers(answer(500));
        const args = ["--control-plane-uri", controlPlane.uri];
        const strict = await world.start({ args, env: { COMPUTE_CTL_STRICT: "1" } });
        assert.deepEqual(await strict.exited, { code: 1, signal: null });
        assert.match(strict.log(), /unexpected control plane response status code: 500 Internal Server Error/);
        assert.equal(controlPlane.requests.length, 1);

        controlPlane.answers(answer(500), answer(500), answer(200, config));
        const compute = await world.start({ args });
        await compute.waitFor("running");
        assert.equal(controlPlane.requests.length, 4);
      }),
    ));

  it("is asked three times only with --strict when it answers 503 for ever", () =>
    withWorld({}, (world) =>
      withControlPlane(async (controlPlane) => {
        await controlPlane.open();
        const strict = await world.start({ args: ["--control-plane-uri", controlPlane.uri, "--strict"] });
        assert.deepEqual(await strict.exited, { code: 1, signal: null });
        assert.match(strict.log(), /Exhausted all attempts to retrieve the config from the control plane/);
        assert.equal(controlPlane.requests.length, 3);
      }),
    ));

  it("is asked until --control-plane-timeout is over, and the last reason is told", () =>
    withWorld({}, (world) =>
      withControlPlane(async (controlPlane) => {
        await controlPlane.open();
        const args = ["--control-plane-uri", controlPlane.uri, "--control-plane-timeout", "2"];
        const compute = await world.start({ args });
        assert.deepEqual(await compute.exited, { code: 1, signal: null });
        assert.match(
          compute.log(),
          /Error: Exhausted all attempts .*\n\nCaused by:\n +the control plane is not ready: 503/,
        );
        assert.ok(controlPlane.requests.length > 3, String(controlPlane.requests.length));
      }),
    ));

  it("ends the start at once when it refuses the token, and its words are told", () =>
    withWorld({}, (world) =>
      withControlPlane(async (controlPlane) => {
        await controlPlane.open();
        controlPlane.answers(answer(403, { error: "this endpoint is not yours" }));
        const compute = await world.start({ args: ["--control-plane-uri", controlPlane.uri], env });
        assert.deepEqual(await compute.exited, { code: 1, signal: null });
        assert.match(compute.log(), /403 Forbidden \(check NEON_CONTROL_PLANE_TOKEN\): .*this endpoint is not yours/);
      }),
    ));

  it("does not hold a program that is told to end", () =>
    withWorld({}, (world) =>
      withControlPlane(async (controlPlane) => {
        await controlPlane.open();
        const compute = await world.start({ args: ["--control-plane-uri", controlPlane.uri] });
        await controlPlane.asked(1);
        await probe(compute, "/readyz", (text) => text.includes("503 Service"));
        compute.signal("SIGTERM");
        assert.deepEqual(await compute.exited, { code: 1, signal: null });
      }),
    ));
});
