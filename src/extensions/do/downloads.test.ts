import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { extensionArchive, sqlExtension } from "../../../test/support/extension-archive.ts";
import { type ExtensionGateway, startGateway } from "../../../test/support/extension-gateway.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { httpGet } from "../../spec/do/http-get.ts";
import { createDownloads, type DownloadSettings, type Downloads } from "./downloads.ts";

const never = new AbortController().signal;

let gateway: ExtensionGateway;
let root: string;
let stagingFolder: string;
let downloads: Downloads;
let lines: string[];
let gets: string[];
let ends: string[];
let inFlight: number[];
let retries: string[];

beforeEach(async () => {
  gateway = await startGateway();
  root = await mkdtemp(join(tmpdir(), "downloads-"));
  stagingFolder = join(root, "download_extensions");
  for (const folder of ["extension", "lib"]) await mkdir(join(root, folder));
  [lines, gets, ends, inFlight, retries] = [[], [], [], [], []];
  downloads = make();
});
afterEach(async () => {
  await downloads.close();
  await gateway.close();
  await rm(root, { recursive: true });
});

function make(parts: Partial<DownloadSettings> = {}, clock: Clock = systemClock): Downloads {
  const keep = (message: string): void => void lines.push(message);
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep, span: () => log };
  return createDownloads(
    {
      baseUrl: gateway.baseUrl,
      build: { buildTag: "oracle", machine: "x86_64", major: 15 },
      stagingFolder,
      findFolders: async () => ({ extension: join(root, "extension"), library: join(root, "lib") }),
      owner: null,
      ...parts,
    },
    {
      log,
      clock,
      get: (request) => httpGet({ ...request, authorization: null, proxyEnv: {} }),
      onGet: (filename, status) => gets.push(`${filename} ${status}`),
      onRetry: () => retries.push("again"),
      onInFlight: (count) => inFlight.push(count),
      onEnd: (outcome, seconds, bytes) => void (seconds >= 0 && ends.push(`${outcome} ${bytes}`)),
    },
  );
}

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => assert.fail("it should have failed"),
    (error: unknown) => describeError(error),
  );
}

async function installed(): Promise<readonly string[]> {
  return [...(await readdir(join(root, "extension"))), ...(await readdir(join(root, "lib")))].sort();
}

/** Has the gateway answer only when `go` is called; `asked` resolves when it could. */
function holdBack(extension: string, archive: Buffer): { readonly asked: Promise<void>; go(): void } {
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  gateway.serve(extension, (_request, response) => {
    asked.resolve();
    void go.promise.then(() => response.end(archive));
  });
  return { asked: asked.promise, go: go.resolve };
}

/** Nothing is left of a download, wherever it ended. */
async function assertNothingStaged(): Promise<void> {
  assert.deepEqual(await readdir(stagingFolder).catch(() => []), []);
}

describe("downloading an extension (EXT-6, EXT-33 to EXT-37)", () => {
  it("asks at the computed address, installs, counts and tells", async () => {
    const archive = await extensionArchive([...sqlExtension("zeta"), { name: "lib/zeta_lib.so", content: "so" }]);
    gateway.serve("zeta", archive);
    assert.equal(await downloads.fetch("zeta", never), archive.length);
    assert.deepEqual(gateway.asked, ["/gw/oracle/amd64/v15/extensions/zeta.tar.zst"]);
    assert.deepEqual(await installed(), ["zeta--1.0.sql", "zeta.control", "zeta_lib.so"]);
    assert.deepEqual(gets, ["zeta.tar.zst 200 OK"]);
    assert.deepEqual(ends, [`installed ${archive.length}`]);
    assert.deepEqual(inFlight, [1, 0]);
    assert.ok(downloads.hasInstalled("zeta_lib") && !downloads.hasInstalled("zeta"));
    assert.ok(lines.includes("downloading extension zeta") && lines.includes("installed extension zeta"));
    await assertNothingStaged();
  });

  it("EXT-32: is not repeated once it is done", async () => {
    gateway.serve("zeta", await extensionArchive(sqlExtension("zeta")));
    await downloads.fetch("zeta", never);
    assert.equal(await downloads.fetch("zeta", never), 0);
    assert.equal(gateway.asked.length, 1);
  });

  it("EXT-32, trap 2: is shared by all who ask meanwhile", async () => {
    const archive = await extensionArchive(sqlExtension("zeta"));
    const { asked, go } = holdBack("zeta", archive);
    const all = Array.from({ length: 20 }, () => downloads.fetch("zeta", never));
    await asked;
    go();
    const sizes = await Promise.all(all);
    assert.deepEqual(sizes, [archive.length, ...Array.from({ length: 19 }, () => 0)]);
    assert.equal(gateway.asked.length, 1);
  });

  it("EXT-32, trap 2: fails for all who wait, and is tried anew by the next", async () => {
    gateway.serve("zeta", 404);
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => downloads.fetch("zeta", never)));
    assert.ok(all.every(({ status }) => status === "rejected"));
    assert.equal(gateway.asked.length, 1);
    gateway.serve("zeta", await extensionArchive(sqlExtension("zeta")));
    assert.ok((await downloads.fetch("zeta", never)) > 0);
    assert.deepEqual(gets, ["zeta.tar.zst 404 Not Found", "zeta.tar.zst 200 OK"]);
    assert.deepEqual(
      downloads.list().map(({ state, error }) => [state, error]),
      [["installed", null]],
    );
  });

  it("goes on when the one who asked for it goes away", async () => {
    const archive = await extensionArchive(sqlExtension("zeta"));
    const { asked, go } = holdBack("zeta", archive);
    const client = new AbortController();
    const first = downloads.fetch("zeta", client.signal);
    const second = downloads.fetch("zeta", never);
    await asked;
    client.abort(new Error("the client is gone"));
    assert.equal(await reasonOf(first), "the client is gone");
    go();
    assert.equal(await second, 0);
    assert.equal(gateway.asked.length, 1);
  });

  it("trap 4: two at once do not touch each other's files", async () => {
    const [a, b] = [await extensionArchive(sqlExtension("a")), await extensionArchive(sqlExtension("b"))];
    gateway.serve("a", a);
    gateway.serve("b", b);
    await Promise.all([downloads.fetch("a", never), downloads.fetch("b", never)]);
    assert.deepEqual(await installed(), ["a--1.0.sql", "a.control", "b--1.0.sql", "b.control"]);
  });

  it("follows redirects", async () => {
    const archive = await extensionArchive(sqlExtension("zeta"));
    gateway.serve("there", archive);
    gateway.serve("zeta", (_request, response) => {
      response.writeHead(307, { location: "/gw/oracle/amd64/v15/extensions/there.tar.zst" }).end();
    });
    await downloads.fetch("zeta", never);
    assert.deepEqual(gets, ["zeta.tar.zst 200 OK"]);
  });
});

describe("a gateway that fails (EXT-30, EXT-33)", () => {
  const failed = 'error downloading extension "zeta"';

  it("404 and 500 are told in the original's words, after one GET", async () => {
    for (const [status, text] of [
      [404, "404 Not Found"],
      [500, "500 Internal Server Error"],
    ] as const) {
      gateway.serve("zeta", status);
      const expected = `${failed}: unexpected remote extensions server response status code: ${text}`;
      assert.equal(await reasonOf(downloads.fetch("zeta", never)), expected);
    }
    assert.equal(gateway.asked.length, 2);
    assert.deepEqual(retries, []);
    assert.deepEqual(ends, ["failed 0", "failed 0"]);
    await assertNothingStaged();
  });

  it("503 is tried three times in all", async () => {
    gateway.serve("zeta", 503);
    const expected = `${failed}: remote extensions server is temporarily unavailable`;
    assert.equal(await reasonOf(downloads.fetch("zeta", never)), expected);
    assert.deepEqual([gateway.asked.length, retries.length], [3, 2]);
    assert.deepEqual(
      gets,
      Array.from({ length: 3 }, () => "zeta.tar.zst 503 Service Unavailable"),
    );
  });

  it("502 and a connection that is closed at once may be followed by the archive", async () => {
    const archive = await extensionArchive(sqlExtension("zeta"));
    gateway.serve("zeta", (request, response) => {
      if (gateway.asked.length === 1) response.writeHead(502).end();
      else if (gateway.asked.length === 2) request.socket.destroy();
      else response.end(archive);
    });
    assert.equal(await downloads.fetch("zeta", never), archive.length);
    assert.deepEqual(
      gets,
      ["502 Bad Gateway", "unknown", "200 OK"].map((status) => `zeta.tar.zst ${status}`),
    );
  });

  it("one that is not there is told so", async () => {
    await gateway.close();
    const reason = await reasonOf(downloads.fetch("zeta", never));
    assert.match(reason, /could not perform remote extensions server request: connect ECONNREFUSED 127\.0\.0\.1/);
    assert.deepEqual(
      gets,
      Array.from({ length: 3 }, () => "zeta.tar.zst unknown"),
    );
    gateway = await startGateway();
  });

  it("half an archive is not installed; its GET counts as 200 (EXT-34)", async () => {
    const archive = await extensionArchive([
      { name: "lib/a.so", content: Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i) % 251)) },
    ]);
    gateway.serve("zeta", (_request, response) => {
      response.writeHead(200, { "content-length": archive.length });
      response.write(archive.subarray(0, archive.length >> 1), () => response.destroy());
    });
    assert.match(await reasonOf(downloads.fetch("zeta", never)), /could not read remote extensions server response: /);
    gateway.serve("zeta", (_request, response) => {
      response.write(archive.subarray(0, archive.length >> 1));
      response.end();
    });
    assert.match(await reasonOf(downloads.fetch("zeta", never)), /archive is damaged: /);
    assert.deepEqual(gets, ["zeta.tar.zst 200 OK", "zeta.tar.zst 200 OK"]);
    assert.deepEqual(await installed(), []);
    await assertNothingStaged();
  });

  it("an archive that is not what its checksum says is not installed", async () => {
    const archive = await extensionArchive(sqlExtension("zeta"));
    const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("base64");
    gateway.serve("zeta", (_request, response) => {
      response.writeHead(200, { "repr-digest": `sha-256=:${digest(Buffer.from("other"))}:` }).end(archive);
    });
    const reason = await reasonOf(downloads.fetch("zeta", never));
    assert.equal(
      reason,
      `${failed}: archive is damaged: its sha256 is not the one that the gateway's repr-digest tells`,
    );
    assert.deepEqual(await installed(), []);
    gateway.serve("zeta", (_request, response) => {
      response.writeHead(200, { "repr-digest": `sha-256=:${digest(archive)}:` }).end(archive);
    });
    await downloads.fetch("zeta", never);
  });

  it("an archive that says it is too long is not read", async () => {
    gateway.serve("zeta", (_request, response) => {
      response.writeHead(200, { "content-length": 2 ** 31 }).flushHeaders();
    });
    assert.match(await reasonOf(downloads.fetch("zeta", never)), /archive refused: it is longer than 1073741824 bytes/);
    await assertNothingStaged();
  });

  it("a hostile archive leaves what was there", async () => {
    await writeFile(join(root, "extension/zeta.control"), "written at start");
    gateway.serve("zeta", await extensionArchive([...sqlExtension("zeta"), { name: "lib/../../evil", content: "x" }]));
    assert.match(await reasonOf(downloads.fetch("zeta", never)), /archive refused: member ".*evil" leads out/);
    assert.deepEqual(await installed(), ["zeta.control"]);
    await assertNothingStaged();
  });

  it("trap 10: one that says nothing is given up when the process ends, and leaves nothing", async () => {
    const asked = Promise.withResolvers<void>();
    gateway.serve("zeta", (_request, response) => {
      response.writeHead(200).write("x");
      asked.resolve();
    });
    const waiting = reasonOf(downloads.fetch("zeta", never));
    await asked.promise;
    assert.deepEqual(
      downloads.list().map(({ state }) => state),
      ["downloading"],
    );
    await downloads.close();
    assert.equal(await waiting, `${failed}: compute_ctl is about to end`);
    await assertNothingStaged();
  });
});

describe("the time limits of a download (trap 10)", () => {
  for (const [what, answer, waitMs, expected] of [
    ["no answer", () => {}, 30_000, /could not perform .*: the answer of .* took longer than 30000 ms/],
    ["a body that stops", "head", 30_000, /could not read .*: the next piece of the archive took longer than 30000 ms/],
  ] as const) {
    it(`${what}: after ${waitMs} ms`, async (t) => {
      const asked = Promise.withResolvers<void>();
      gateway.serve("zeta", (_request, response) => {
        if (answer === "head") response.writeHead(200).flushHeaders();
        asked.resolve();
      });
      t.mock.timers.enable({ apis: ["setTimeout"] });
      const waiting = reasonOf(downloads.fetch("zeta", never));
      await asked.promise;
      if (answer === "head") while (gets.length === 0) await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      t.mock.timers.tick(waitMs);
      t.mock.timers.reset();
      assert.match(await waiting, expected);
      await assertNothingStaged();
    });
  }

  it("50 s in all, although bytes keep coming, and the log tells how far it is", async (t) => {
    const archive = await extensionArchive(sqlExtension("zeta"));
    let body: ServerResponse | undefined;
    gateway.serve("zeta", (_request, response) => {
      body = response.writeHead(200, { "content-length": archive.length });
      body.write(archive.subarray(0, 10));
    });
    const arrived = async (bytes: number): Promise<void> => {
      while (downloads.list()[0]?.receivedBytes !== bytes) await new Promise((resolve) => setImmediate(resolve));
    };
    let nowMs = 0;
    downloads = make({}, { ...systemClock, monotonicMs: () => nowMs });
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const waiting = reasonOf(downloads.fetch("zeta", never));
    await arrived(10);
    t.mock.timers.tick(25_000);
    nowMs = 25_000;
    body?.write(archive.subarray(10, 20));
    await arrived(20);
    t.mock.timers.tick(25_000);
    t.mock.timers.reset();
    assert.equal(
      await waiting,
      'error downloading extension "zeta": downloading extension zeta took longer than 50000 ms',
    );
    assert.equal(lines.filter((line) => line === "still downloading extension zeta").length, 1);
    await downloads.close();
    await assertNothingStaged();
  });
});

describe("the folders of a download", () => {
  it("EXT-36: the staging folder is made, and cleared of what a killed process left", async () => {
    await mkdir(join(stagingFolder, "old.abc123"), { recursive: true });
    await utimes(join(stagingFolder, "old.abc123"), 0, 0);
    await mkdir(join(stagingFolder, "new.abc123"));
    await mkdir(join(stagingFolder, "share"));
    await utimes(join(stagingFolder, "share"), 0, 0);
    gateway.serve("zeta", await extensionArchive(sqlExtension("zeta")));
    await downloads.fetch("zeta", never);
    assert.deepEqual((await readdir(stagingFolder)).sort(), ["new.abc123", "share"]);
  });

  it("a staging folder that cannot be made is told by its path, and tried again", async () => {
    await writeFile(stagingFolder, "in the way");
    gateway.serve("zeta", await extensionArchive(sqlExtension("zeta")));
    const reason = await reasonOf(downloads.fetch("zeta", never));
    assert.ok(reason.includes(`cannot prepare ${stagingFolder}, where archives are unpacked`), reason);
    assert.deepEqual(gateway.asked, []);
    await rm(stagingFolder);
    await downloads.fetch("zeta", never);
  });

  it("an installation that does not tell its folders is asked again by the next download", async () => {
    let asked = 0;
    const folders = { extension: join(root, "extension"), library: join(root, "lib") };
    downloads = make({
      findFolders: async () => {
        asked += 1;
        if (asked === 1) throw new Error("pg_config is out of order");
        return folders;
      },
    });
    gateway.serve("zeta", await extensionArchive(sqlExtension("zeta")));
    assert.match(await reasonOf(downloads.fetch("zeta", never)), /pg_config is out of order/);
    await downloads.fetch("zeta", never);
    assert.equal(asked, 2);
  });
});
