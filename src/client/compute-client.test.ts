import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { afterEach, describe, it } from "node:test";
import { DeadlineError } from "../base/deadline.ts";
import { type ClientOptions, ComputeClient } from "./compute-client.ts";
import { ApiError, UnexpectedAnswerError, UnreachableError } from "./errors.ts";
import { type FakeApi, nobodyUrl, type Reply, startFakeApi, statusObject } from "./test-server.ts";

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function serve(...replies: readonly Reply[]): Promise<FakeApi> {
  api = await startFakeApi((_asked, count) => replies[Math.min(count, replies.length) - 1] ?? { status: 404 });
  return api;
}

async function clientOf(reply: Reply, options: Partial<ClientOptions> = {}): Promise<ComputeClient> {
  return new ComputeClient({ url: (await serve(reply)).url, ...options });
}

const running: Reply = { status: 200, body: statusObject("running") };

describe("ComputeClient", () => {
  it("reads the status, leaving out what it does not know", async () => {
    const client = await clientOf({ status: 200, body: { ...statusObject("running"), something_new: 1 } });
    assert.deepEqual(await client.status(), statusObject("running"));
    assert.deepEqual(
      api?.asked.map(({ method, target, authorization }) => [method, target, authorization]),
      [["GET", "/status", undefined]],
    );
  });

  it("sends the token of the moment", async () => {
    let count = 0;
    const client = await clientOf(running, { token: async () => `token-${++count}` });
    await client.status();
    await client.status();
    await new ComputeClient({ url: api?.url ?? "", token: "fixed" }).status();
    assert.deepEqual(
      api?.asked.map(({ authorization }) => authorization),
      ["Bearer token-1", "Bearer token-2", "Bearer fixed"],
    );
  });

  it("refreshes on the internal API, without the token", async () => {
    const client = new ComputeClient({
      url: await nobodyUrl(),
      internalUrl: (await serve({ status: 200 })).url,
      token: "secret",
    });
    await client.refresh();
    const [asked] = api?.asked ?? [];
    assert.deepEqual([asked?.method, asked?.target], ["POST", "/refresh_configuration"]);
    assert.equal(asked?.authorization, undefined);
  });

  it("sends a config as it stands and reads either outcome (HTTP-37)", async () => {
    const operation = {
      id: "7",
      kind: "configure",
      state: "running",
      error: null,
      started_at: "2031-04-05T06:07:08Z",
      ended_at: null,
    };
    await serve(running, { status: 202, body: operation });
    const client = new ComputeClient({ url: api?.url ?? "" });
    const config = '{"spec": {"swap_size_bytes": 18446744073709551615}}';
    assert.deepEqual(await client.configure(config), { kind: "applied", status: statusObject("running") });
    const object = { spec: {}, compute_ctl_config: { jwks: { keys: [] } } };
    assert.deepEqual(await client.configure(object, { wait: false }), { kind: "accepted", operation });
    assert.deepEqual(
      api?.asked.map(({ target, contentType, body }) => [target, contentType, body]),
      [
        ["/configure", "application/json", config],
        ["/configure?wait=false", "application/json", JSON.stringify(object)],
      ],
    );
  });

  it("asks for a termination and reads its LSN, also of an empty compute that tells none (HTTP-49, HTTP-51)", async () => {
    await serve({ status: 200, body: { lsn: "0/16B3748" } }, { status: 201, body: { lsn: null } }, { status: 200 });
    const client = new ComputeClient({ url: api?.url ?? "" });
    assert.deepEqual(await client.terminate(), { lsn: "0/16B3748" });
    assert.deepEqual(await client.terminate({ mode: "immediate", force: true, join: true }), { lsn: null });
    assert.deepEqual(await client.terminate({ force: false }), { lsn: null });
    assert.deepEqual(
      api?.asked.map(({ target }) => target),
      ["/terminate?mode=fast", "/terminate?mode=immediate&force=true&join=true", "/terminate?mode=fast"],
    );
  });

  it("tells health and readiness apart from an API without them", async () => {
    await serve({ status: 200, body: "ok" }, { status: 503, body: "init" }, { status: 404 });
    const client = new ComputeClient({ url: api?.url ?? "" });
    assert.equal(await client.healthy(), true);
    assert.equal(await client.ready(), false);
    await assert.rejects(client.ready(), (error) => error instanceof ApiError && error.status === 404);
  });

  it("keeps ids inside their path segment", async () => {
    const client = await clientOf({ status: 404 });
    await assert.rejects(client.operation("../a?b"), ApiError);
    assert.equal(api?.asked[0]?.target, "/operations/..%2Fa%3Fb");
  });
});

describe("failures", () => {
  it("carry the status and the text of the answer (HTTP-19)", async () => {
    const refusals: readonly [reply: Reply, message: string, unauthorized: boolean][] = [
      [{ status: 412, body: { error: "invalid compute status: init" } }, "invalid compute status: init", false],
      [{ status: 400, body: { error: "invalid authorization token" } }, "invalid authorization token", true],
      [{ status: 400, body: { error: "tenant id should be provided" } }, "tenant id should be provided", false],
      [
        { status: 401, body: { error: "failed to verify authorization token" } },
        "failed to verify authorization token",
        true,
      ],
      [{ status: 502, body: "<h1>Bad gateway</h1>\n" }, "<h1>Bad gateway</h1>", false],
      [{ status: 301 }, "HTTP status 301", false],
    ];
    for (const [reply, message, unauthorized] of refusals) {
      const client = await clientOf(reply);
      await assert.rejects(client.status(), (error) => {
        assert.ok(error instanceof ApiError);
        assert.deepEqual([error.message, error.unauthorized], [message, unauthorized]);
        return true;
      });
      await api?.close();
    }
    api = undefined;
  });

  it("tell a compute that cannot be reached from one that breaks off or talks nonsense", async () => {
    const nobody = await nobodyUrl();
    await assert.rejects(new ComputeClient({ url: nobody }).status(), (error) => {
      assert.ok(error instanceof UnreachableError && error.cause instanceof Error);
      assert.equal(error.message, `no answer from ${nobody}`);
      return true;
    });
    await serve("break", { status: 200, body: "{" }, { status: 200, body: { ...statusObject("running"), tenant: 7 } });
    const client = new ComputeClient({ url: api?.url ?? "" });
    await assert.rejects(client.status(), UnreachableError);
    await assert.rejects(client.status(), UnexpectedAnswerError);
    await assert.rejects(
      client.status(),
      (error) => error instanceof UnexpectedAnswerError && /GET \/status .*: tenant: invalid type/.test(error.message),
    );
  });

  it("come when the time is up or the caller gives up, also while the token is fetched", async () => {
    const client = await clientOf("silence");
    await assert.rejects(client.status({ timeoutMs: 20 }), DeadlineError);
    const reason = new Error("enough");
    await assert.rejects(client.status({ signal: AbortSignal.abort(reason) }), reason);
    const caller = new AbortController();
    const called = client.status({ signal: caller.signal });
    caller.abort(reason);
    await assert.rejects(called, reason);
    const slow = new ComputeClient({ url: api?.url ?? "", token: () => new Promise<string>(() => {}) });
    await assert.rejects(slow.status({ timeoutMs: 20 }), DeadlineError);
  });

  it("never show the token", async () => {
    const client = new ComputeClient({ url: await nobodyUrl(), token: "top\nsecret" });
    await assert.rejects(
      client.status(),
      (error) => error instanceof Error && !JSON.stringify(error).includes("secret"),
    );
  });
});

describe("waitFor", () => {
  it("asks a server that can wait only once", async () => {
    const client = await clientOf(running);
    assert.equal((await client.waitFor(["running", "failed"], { timeoutMs: 5_000 })).status, "running");
    assert.equal(api?.asked.length, 1);
    assert.match(api?.asked[0]?.target ?? "", /^\/status\?wait_for=running%2Cfailed&timeout=4\.\d+$/);
  });

  it("asks one that answers at once again, until the time is up", async () => {
    await serve({ status: 200, body: statusObject("init") }, { status: 200, body: statusObject("init") }, running);
    const client = new ComputeClient({ url: api?.url ?? "" });
    assert.equal((await client.waitFor(["running"])).status, "running");
    assert.equal(api?.asked.length, 3);
    await assert.rejects(client.waitFor(["terminated"], { timeoutMs: 50 }), (error) => {
      return error instanceof DeadlineError && error.message.includes("to be terminated (it is running)");
    });
  });

  it("waits for a compute that does not answer yet, and says so in the end", async () => {
    await serve("break", running);
    assert.equal((await new ComputeClient({ url: api?.url ?? "" }).waitFor(["running"])).status, "running");
    const client = new ComputeClient({ url: await nobodyUrl() });
    await assert.rejects(client.waitFor(["running"], { timeoutMs: 50 }), UnreachableError);
  });

  it("does not wait for a token to become good", async () => {
    const client = await clientOf({ status: 401, body: { error: "failed to verify authorization token" } });
    await assert.rejects(client.waitFor(["running"]), ApiError);
  });
});

describe("addresses", () => {
  const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));

  it("may be IPv6", { skip: hasIpv6 ? false : "this machine has no ::1" }, async () => {
    api = await startFakeApi(() => running, "::1");
    assert.equal((await new ComputeClient({ url: api.url }).status()).status, "running");
  });

  it("may have a path", async () => {
    const { url } = await serve(running);
    await new ComputeClient({ url: `${url}/compute-7/` }).status();
    assert.equal(api?.asked[0]?.target, "/compute-7/status");
  });

  it("are refused when they are not those of an http server, without being repeated", () => {
    for (const url of ["", "127.0.0.1:3080", "https://h", "http://a:secret@h", "http://h?secret", "http://h#secret"]) {
      assert.throws(
        () => new ComputeClient({ url }),
        (error) => error instanceof TypeError && !error.message.includes("secret"),
        url,
      );
    }
  });
});
