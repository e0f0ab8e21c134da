import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { systemClock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { originalSchedule, patientSchedule } from "../control-plane-request.ts";
import type { ControlPlaneResponse } from "../decode.ts";
import { specText } from "../test-config.ts";
import { type ControlPlaneRequest, fetchConfig } from "./control-plane.ts";

interface Asked {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** A control plane that gives one answer per request, the last one again and again. */
async function startServer(t: TestContext, ...answers: readonly ((response: ServerResponse, asked: Asked) => void)[]) {
  const asked: Asked[] = [];
  const server = createServer(({ url = "", headers }, response) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push({ url, headers });
    answer?.(response, { url, headers });
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { baseUri: `http://127.0.0.1:${address.port}`, asked };
}

const status =
  (code: number, body = "", headers: Readonly<Record<string, string>> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(code, headers).end(body);
  };

const keys = '"compute_ctl_config": {"jwks": {"keys": []}}';
const attached = status(200, `{"status": "attached", "spec": ${specText()}, ${keys}}`);

/** Fetches without pauses, and keeps what the request told on the way. */
async function fetchFrom(baseUri: string, change: Partial<ControlPlaneRequest> = {}) {
  const labels: string[] = [];
  const warnings: string[] = [];
  const ignore = (): void => undefined;
  const warn = (message: string): void => {
    warnings.push(message);
  };
  const log: Log = { debug: ignore, info: ignore, warn, error: ignore, span: () => log };
  const outcome = await fetchConfig({
    baseUri,
    computeId: "ep-1/2",
    token: "made-up-token",
    proxyEnv: {},
    schedule: { ...originalSchedule, next: ({ attempt }) => ({ pauseMs: 0, again: attempt < 3 }) },
    strict: true,
    clock: systemClock,
    onWait: async () => {},
    signal: new AbortController().signal,
    log,
    onAttempt: (label) => labels.push(label),
    ...change,
  }).then(
    (answer: ControlPlaneResponse) => ({ answer, error: undefined }),
    (error: Error) => ({ answer: undefined, error }),
  );
  return { ...outcome, labels, warnings };
}

describe("fetchConfig (SPEC-80 to SPEC-83)", () => {
  it("asks with a bearer token and hands out the answer", async (t) => {
    const { baseUri, asked } = await startServer(t, attached);
    const { answer, labels } = await fetchFrom(baseUri);
    assert.equal(answer?.status, "attached");
    assert.notEqual(answer.config.spec, null);
    assert.deepEqual(labels, ["200 OK"]);
    const [request] = asked;
    assert.equal(request?.url, "/compute/api/v2/computes/ep-1/2/spec");
    assert.equal(request.headers.authorization, "Bearer made-up-token");
    assert.equal(request.headers.accept, "*/*");
    assert.equal(request.headers["user-agent"], undefined);
  });

  it("sends the header also without a token", async (t) => {
    const { baseUri, asked } = await startServer(t, attached);
    await fetchFrom(baseUri, { token: "" });
    assert.match(asked[0]?.headers.authorization ?? "", /^Bearer ?$/);
  });

  it("asks again after 502, 503, a cut connection and an answer that does not decode", async (t) => {
    const cut = (response: ServerResponse): void => {
      response.destroy();
    };
    for (const [first, label] of [
      [status(502), "502 Bad Gateway"],
      [status(503), "503 Service Unavailable"],
      [cut, "unknown"],
      [status(200, "{"), "200 OK"],
      [status(200, `{"status": "gone", ${keys}}`), "200 OK"],
    ] as const) {
      const { baseUri } = await startServer(t, first, attached);
      const { answer, labels, warnings } = await fetchFrom(baseUri);
      assert.equal(answer?.status, "attached");
      assert.deepEqual(labels, [label, "200 OK"]);
      assert.equal(warnings.length, 1);
    }
  });

  it("gives up when the schedule is used up (SPEC-82), and names the last reason as the cause (trap 18)", async (t) => {
    const { baseUri, asked } = await startServer(t, status(503), status(200, "[]"));
    const { error, warnings } = await fetchFrom(baseUri);
    assert.match(error?.message ?? "", /^Exhausted all attempts to retrieve the config from the control plane/);
    assert.match(String(error?.cause), /no config: invalid type: sequence/);
    assert.equal(asked.length, 3);
    assert.equal(warnings.length, 3);
  });

  it("takes any other status for final, naming code and reason", async (t) => {
    for (const [code, text] of [
      [404, "404 Not Found"],
      [401, "401 Unauthorized"],
      [500, "500 Internal Server Error"],
      [429, "429 Too Many Requests"],
      [204, "204 No Content"],
      [304, "304 Not Modified"],
    ] as const) {
      const { baseUri, asked } = await startServer(t, status(code));
      const { error, labels } = await fetchFrom(baseUri);
      const message = error?.message ?? "";
      assert.ok(message.startsWith(`unexpected control plane response status code: ${text}`), message);
      assert.doesNotMatch(message, /made-up-token/);
      assert.deepEqual(labels, [text]);
      assert.equal(asked.length, 1);
    }
  });

  it("uses an empty answer, also with a spec in it, and refuses attachment without one", async (t) => {
    const empty = await startServer(t, status(200, `{"status": "empty", ${keys}}`));
    assert.equal((await fetchFrom(empty.baseUri)).answer?.config.spec, null);
    const emptyWithSpec = await startServer(t, status(200, `{"status": "empty", "spec": ${specText()}, ${keys}}`));
    assert.notEqual((await fetchFrom(emptyWithSpec.baseUri)).answer?.config.spec ?? null, null);
    const bare = await startServer(t, status(200, `{"status": "attached", ${keys}}`));
    const { error } = await fetchFrom(bare.baseUri);
    assert.match(error?.message ?? "", /^compute is attached, but spec is empty/);
    assert.equal(bare.asked.length, 1);
  });

  it("follows redirects, without handing the token to another server", async (t) => {
    const other = await startServer(t, attached);
    const near = await startServer(
      t,
      status(307, "", { location: "/moved" }),
      status(302, "", { location: `${other.baseUri}/elsewhere` }),
    );
    const { answer, labels } = await fetchFrom(near.baseUri);
    assert.equal(answer?.status, "attached");
    assert.deepEqual(labels, ["200 OK"]);
    assert.equal(near.asked[1]?.headers.authorization, "Bearer made-up-token");
    assert.equal(other.asked[0]?.url, "/elsewhere");
    assert.equal(other.asked[0].headers.authorization, undefined);
  });

  it("gives up on the eleventh redirect of an attempt", async (t) => {
    const { baseUri, asked } = await startServer(t, status(302, "", { location: "/again" }));
    const { error, labels } = await fetchFrom(baseUri);
    assert.match(String(error?.cause), /more than 10 redirects/);
    assert.deepEqual(labels, ["unknown", "unknown", "unknown"]);
    assert.equal(asked.length, 33);
  });

  it("does not wait for a silent server longer than an attempt may take", async (t) => {
    const { baseUri } = await startServer(t, () => undefined);
    const schedule = { ...originalSchedule, next: () => ({ pauseMs: 0, again: false }), attemptMsMax: 20 };
    const { error, labels } = await fetchFrom(baseUri, { schedule });
    assert.match(String(error?.cause), /took longer than 20 ms/);
    assert.deepEqual(labels, ["unknown"]);
  });

  it("retries with an address that is no URL, and a token that is no header, without showing the token", async (t) => {
    const { labels } = await fetchFrom("no url");
    assert.deepEqual(labels, ["unknown", "unknown", "unknown"]);
    const { baseUri, asked } = await startServer(t, attached);
    const { error, warnings } = await fetchFrom(baseUri, { token: "made-up\ntoken" });
    assert.equal(warnings.length, 3);
    assert.doesNotMatch(warnings.join() + String(error?.cause), /made-up/);
    assert.equal(asked.length, 0);
  });

  it("ends at once when the signal fires", async (t) => {
    const controller = new AbortController();
    const { baseUri } = await startServer(t, () => controller.abort(new Error("stopped")));
    const { error, warnings } = await fetchFrom(baseUri, { signal: controller.signal });
    assert.equal(error?.message, "stopped");
    assert.deepEqual(warnings, []);
  });

  it("goes through a proxy that the environment names", async (t) => {
    const proxy = await startServer(t, attached);
    const { answer } = await fetchFrom("http://control-plane.invalid", { proxyEnv: { HTTP_PROXY: proxy.baseUri } });
    assert.equal(answer?.status, "attached");
    assert.match(proxy.asked[0]?.url ?? "", /^http:\/\/control-plane\.invalid\//);
  });
});

describe("fetchConfig with patience (FIELD-3)", () => {
  /** The patient schedule, at whose pauses nobody waits. */
  const schedule = (attempts: number) => ({
    ...patientSchedule(60_000, () => 0),
    next: ({ attempt }: { readonly attempt: number }) => ({ pauseMs: 0, again: attempt < attempts }),
  });
  const patient = { strict: false, schedule: schedule(20) };

  it("outlasts every status but the final ones, nonsense, and attachment without a spec", async (t) => {
    const odd = [404, 408, 425, 429, 500, 502, 503, 504, 204].map((code) => status(code));
    const half = (response: ServerResponse): void => {
      response.writeHead(200, { "content-length": 9_999 }).write('{"status": ', () => response.destroy());
    };
    const { baseUri, asked } = await startServer(
      t,
      ...odd,
      status(200, "garbage"),
      half,
      status(200, `{"status": "attached", ${keys}}`),
      attached,
    );
    const { answer } = await fetchFrom(baseUri, patient);
    assert.notEqual(answer?.config.spec ?? null, null);
    assert.equal(asked.length, odd.length + 4);
  });

  it("tells each reason once, and in the end how long it took", async (t) => {
    const busy = status(503);
    const { baseUri } = await startServer(t, busy, busy, busy, status(500), status(500), busy, attached);
    const told: string[] = [];
    const tell = (message: string): void => void told.push(message);
    const log: Log = { debug: tell, info: tell, warn: tell, error: tell, span: () => log };
    const waits: string[] = [];
    const onWait = async (reason: string): Promise<void> => void waits.push(reason);
    await fetchFrom(baseUri, { ...patient, log, onWait });
    assert.equal(waits.length, 6);
    assert.deepEqual(
      told.map((line) => line.replace(/after .* s$/, "after … s")),
      [
        "waiting for the control plane: the control plane is not ready: 503 Service Unavailable (attempt 1)",
        "waiting for the control plane: the control plane is not ready: 500 Internal Server Error (attempt 4)",
        "waiting for the control plane: the control plane is not ready: 503 Service Unavailable (attempt 6)",
        "the control plane gave a config at attempt 7, after … s",
      ],
    );
  });

  it("gives up at once on 400, 401 and 403, with what the body says and without its secrets", async (t) => {
    for (const code of [400, 401, 403]) {
      const body = `{"error":\n"no such compute", "Authorization": "Bearer ${"x".repeat(40)}"}`;
      const { baseUri, asked } = await startServer(t, status(code, body));
      const { error } = await fetchFrom(baseUri, patient);
      assert.match(
        error?.message ?? "",
        new RegExp(`^unexpected control plane response status code: ${code} .*no such compute`),
      );
      assert.doesNotMatch(error?.message ?? "", /xxxxx|\n/);
      assert.equal(asked.length, 1);
    }
  });

  it("hands Retry-After to the schedule", async (t) => {
    const { baseUri } = await startServer(t, status(429, "", { "retry-after": "7" }), attached);
    const asked: (number | null)[] = [];
    const next = ({ retryAfterMs }: { readonly retryAfterMs: number | null }) => {
      asked.push(retryAfterMs);
      return { pauseMs: 0, again: true };
    };
    await fetchFrom(baseUri, { ...patient, schedule: { ...patient.schedule, next } });
    assert.deepEqual(asked, [7_000]);
  });

  it("repairs an odd answer with a warning, which strictness takes for no config", async (t) => {
    const { baseUri } = await startServer(t, status(200, `{"status": "EMPTY", ${keys}}`));
    const { answer, warnings } = await fetchFrom(baseUri, patient);
    assert.equal(answer?.status, "empty");
    assert.match(warnings.join(), /^status: `EMPTY`, taken as "empty"/);
    assert.match(String((await fetchFrom(baseUri)).error?.cause), /no config: status: unknown variant `EMPTY`/);
  });

  it("FIELD-12: gives up on a connection that does not come about in time", async (t) => {
    // It takes connections, and never says the first word of TLS.
    const deaf = createTcpServer().listen(0, "127.0.0.1");
    await once(deaf, "listening");
    t.after(() => deaf.close());
    deaf.on("connection", (socket) => t.after(() => socket.destroy()));
    const { port } = deaf.address() as AddressInfo;
    const limited = { ...schedule(1), connectMsMax: 50 };
    const { error } = await fetchFrom(`https://127.0.0.1:${port}`, { ...patient, schedule: limited });
    assert.match(String(error?.cause), /connecting to 127\.0\.0\.1:\d+ took longer than 50 ms/);
    // One that only answers late has connected in time.
    const slow = await startServer(t, (response) => void setTimeout(() => attached(response), 1_200));
    const quick = { ...schedule(1), connectMsMax: 1_000 };
    assert.equal((await fetchFrom(slow.baseUri, { ...patient, schedule: quick })).answer?.status, "attached");
  });
});

describe("the pauses of fetchConfig (FIELD-3)", () => {
  it("begin anew when a control plane that was away answers for the first time, and only then", async (t) => {
    const steps: number[] = [];
    const cut = (response: ServerResponse): void => void response.destroy();
    const { baseUri } = await startServer(t, cut, cut, cut, status(500), status(503), cut, status(500), attached);
    const next = ({ step }: { readonly step: number }) => {
      steps.push(step);
      return { pauseMs: 0, again: true };
    };
    await fetchFrom(baseUri, { strict: false, schedule: { ...patientSchedule(1, () => 0), next } });
    assert.deepEqual(steps, [1, 2, 3, 1, 2, 3, 4]);
  });
});
