import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { promisify } from "node:util";
import type { Log } from "../../base/log.ts";
import type { TlsPaths } from "../../spec/types.ts";
import type { InstalledTls } from "../tls-state.ts";
import { testFolder } from "./test-folder.ts";
import { createTlsFiles } from "./tls-files.ts";

const run = promisify(execFile);
const never = new AbortController().signal;
const p256 = ["ecparam", "-name", "prime256v1", "-genkey", "-noout"];

/** Makes a key by `genkey` and a certificate of its own. */
async function pair(t: TestContext, genkey: readonly string[] = p256, days = 30): Promise<TlsPaths> {
  const folder = await testFolder(t);
  const paths = { keyPath: join(folder, "key.pem"), certPath: join(folder, "cert.pem") };
  await run("openssl", [...genkey, "-out", paths.keyPath]);
  const subject = ["-subj", "/CN=compute", "-days", String(days)];
  await run("openssl", ["req", "-x509", "-key", paths.keyPath, ...subject, "-out", paths.certPath]);
  return paths;
}

/** Files in a data directory of their own, with everything that was logged. */
async function filesIn(
  t: TestContext,
  more: { readonly firstMs?: number; readonly onLine?: (line: string) => void } = {},
) {
  const pgdata = await testFolder(t);
  const lines: string[] = [];
  const note = (line: string): void => {
    lines.push(line);
    more.onLine?.(line);
  };
  const log: Log = { debug: note, info: note, warn: note, error: note, span: () => log };
  const changes: InstalledTls[] = [];
  const { firstMs = 30_000 } = more;
  const files = createTlsFiles({
    pgdata,
    owner: null,
    log,
    now: () => new Date(),
    onChange: (installed) => void changes.push(installed),
    limits: { firstMs, retryMs: 1, settleMs: 1, lookMs: 5 },
  });
  const read = (name: string): Promise<string> => readFile(join(pgdata, name), "utf8");
  const holds = async ({ keyPath, certPath }: TlsPaths): Promise<void> => {
    assert.equal(await read("server.key"), await readFile(keyPath, "utf8"));
    assert.equal(await read("server.crt"), await readFile(certPath, "utf8"));
  };
  return { pgdata, lines, changes, holds, ...files };
}

/** Puts the files of one pair in the place of another's. */
async function replace(place: TlsPaths, by: TlsPaths): Promise<void> {
  for (const file of ["keyPath", "certPath"] as const) {
    await copyFile(by[file], `${place[file]}.new`);
    await rename(`${place[file]}.new`, place[file]);
  }
}

describe("the first pair", () => {
  for (const [kind, genkey] of Object.entries({
    "P-256 in SEC1 form": p256,
    "P-256 behind its parameters": p256.slice(0, -1),
    RSA: ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    Ed25519: ["genpkey", "-algorithm", "ED25519"],
  })) {
    it(`CONF-51, CONF-52: a ${kind} key and its certificate are installed, for their owner only`, async (t) => {
      const paths = await pair(t, genkey);
      const { install, pgdata, holds } = await filesIn(t);
      assert.equal(await install(paths, never), true);
      assert.deepEqual((await readdir(pgdata)).sort(), ["server.crt", "server.key"]);
      await holds(paths);
      for (const name of ["server.key", "server.crt"]) {
        assert.equal((await stat(join(pgdata, name))).mode & 0o777, 0o600);
      }
    });
  }

  it("CONF-T13: an EC key is good whatever key its issuer signed with", async (t) => {
    const issuer = await pair(t, ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    const paths = await pair(t);
    const request = `${paths.certPath}.csr`;
    await run("openssl", ["req", "-new", "-key", paths.keyPath, "-subj", "/CN=compute", "-out", request]);
    const signing = ["-CA", issuer.certPath, "-CAkey", issuer.keyPath, "-set_serial", "1"];
    await run("openssl", ["x509", "-req", "-in", request, ...signing, "-out", paths.certPath]);
    const { install, holds } = await filesIn(t);
    await install(paths, never);
    await holds(paths);
  });

  it("CONF-T12, CONF-52: a key of another certificate is refused when the time is up, and nothing is installed", async (t) => {
    const { certPath } = await pair(t);
    const { keyPath } = await pair(t);
    const { install, pgdata } = await filesIn(t, { firstMs: 2_000 });
    await assert.rejects(install({ keyPath, certPath }, never), {
      code: "TLS_FILES",
      message:
        /key\.pem and certificate .*cert\.pem for TLS: private key file does not match certificate; replace them/,
    });
    assert.deepEqual(await readdir(pgdata), []);
  });

  it("CONF-52: what is wrong with a file is told, with its name", async (t) => {
    const paths = await pair(t);
    const empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    const whole = await readFile(paths.certPath, "utf8");
    // All at once, so that there is time enough for a first look on a busy machine too.
    const limits = { firstMs: 2_000 };
    const refused = async (content: string, flaw: RegExp): Promise<void> => {
      const certPath = join(await testFolder(t), "cert.pem");
      await writeFile(certPath, content);
      await assert.rejects((await filesIn(t, limits)).install({ ...paths, certPath }, never), flaw);
    };
    const absent = { ...paths, keyPath: "/nowhere/absent.pem" };
    const flaws = [
      ["", /cert\.pem for TLS: certificate file holds no certificate/],
      [empty, /cert\.pem for TLS: certificate file cannot be read: /],
      [whole.slice(0, 200), /cert\.pem for TLS: certificate file holds no certificate/],
    ] as const;
    await Promise.all([
      ...flaws.map(([content, flaw]) => refused(content, flaw)),
      assert.rejects((await filesIn(t, limits)).install(absent, never), /TLS: ENOENT: .*absent\.pem/),
    ]);
  });

  it("CONF-51: is waited for, and a flaw is told once, not at each try", async (t) => {
    const paths = await pair(t);
    const whole = await readFile(paths.certPath);
    await writeFile(paths.certPath, "");
    const warned = Promise.withResolvers<void>();
    const { install, lines, holds } = await filesIn(t, { onLine: () => warned.resolve() });
    const installed = install(paths, never);
    await warned.promise;
    for (let write = 0; write < 10; write += 1) await writeFile(paths.certPath, "");
    await writeFile(`${paths.certPath}.new`, whole);
    await rename(`${paths.certPath}.new`, paths.certPath);
    await installed;
    assert.equal(lines.filter((line) => line.includes("no certificate")).length, 1);
    await holds(paths);
  });

  it("CONF-T12, chapter 02 trap 12: the wait ends with the signal's reason", async (t) => {
    const paths = await pair(t);
    await writeFile(paths.certPath, "");
    const stop = new AbortController();
    const reason = new Error("terminated");
    const { install } = await filesIn(t, { onLine: () => stop.abort(reason) });
    await assert.rejects(install(paths, stop.signal), reason);
  });

  it("chapter 04 §14.7: when it expires is known, and told when that is soon", async (t) => {
    const { install, installed, lines } = await filesIn(t);
    assert.equal(installed(), null);
    await install(await pair(t, p256, 3), never);
    const leftMs = (installed()?.notAfter.getTime() ?? 0) - Date.now();
    assert.ok(leftMs > 2 * 86_400_000 && leftMs <= 3 * 86_400_000);
    assert.match(lines.join("\n"), /expires soon/);
    const later = await filesIn(t);
    await later.install(await pair(t, p256, 30), never);
    assert.doesNotMatch(later.lines.join("\n"), /expires/);
  });
});

describe("a later pair", () => {
  it("CONF-54: that is the same one is nothing new", async (t) => {
    const paths = await pair(t);
    const { install, isRenewed, pgdata } = await filesIn(t);
    await install(paths, never);
    const { ino } = await stat(join(pgdata, "server.crt"));
    assert.equal(await isRenewed(paths), false);
    assert.equal(await install(paths, never), false);
    assert.equal((await stat(join(pgdata, "server.crt"))).ino, ino);
  });

  it("CONF-T14: takes the place of the one before, by new files", async (t) => {
    const paths = await pair(t);
    const { install, isRenewed, holds, pgdata } = await filesIn(t);
    await install(paths, never);
    const { ino } = await stat(join(pgdata, "server.key"));
    await replace(paths, await pair(t));
    assert.equal(await isRenewed(paths), true);
    assert.equal(await install(paths, never), true);
    await holds(paths);
    assert.notEqual((await stat(join(pgdata, "server.key"))).ino, ino);
    assert.deepEqual((await readdir(pgdata)).sort(), ["server.crt", "server.key"]);
  });

  it("leaves the one before in place when it is no good, told once, and shown until it is good again", async (t) => {
    const paths = await pair(t);
    const good = await pair(t);
    await replace(good, paths);
    const { install, isRenewed, holds, lines, installed } = await filesIn(t);
    await install(paths, never);
    const other = await pair(t);
    for (const [spoil, flaw] of [
      [() => copyFile(other.keyPath, paths.keyPath), /does not match certificate/],
      [() => writeFile(paths.certPath, "-----BEGIN CERT"), /holds no certificate/],
      [() => rm(paths.keyPath), /ENOENT/],
    ] as const) {
      await spoil();
      assert.equal(await isRenewed(paths), false);
      lines.length = 0;
      for (let times = 0; times < 2; times += 1) assert.equal(await install(paths, never), false);
      assert.equal(lines.length, 1, lines.join("\n"));
      assert.match(lines[0] ?? "", /so the pair before stays in use/);
      assert.match(installed()?.problem ?? "", flaw);
      await holds(good);
      await replace(paths, good);
      await install(paths, never);
      assert.equal(installed()?.problem, null);
    }
  });

  it("leaves the one before in place when the data directory cannot be written", async (t) => {
    const paths = await pair(t);
    const { install, installed, pgdata } = await filesIn(t);
    await install(paths, never);
    await replace(paths, await pair(t));
    await rm(pgdata, { recursive: true });
    assert.equal(await install(paths, never), false);
    assert.match(installed()?.problem ?? "", /ENOENT/);
    await mkdir(pgdata);
    assert.equal(await install(paths, never), true, "and is installed once it can");
  });
});

describe("the watch (CONF-53)", () => {
  /** A watched pair; `renewals` resolves in order, each when the pair in place is the new one. */
  async function watched(t: TestContext, paths: TlsPaths) {
    let next = Promise.withResolvers<void>();
    let renewals = 0;
    const files = await filesIn(t, { onLine: () => lined.resolve() });
    let lined = Promise.withResolvers<void>();
    await files.install(paths, never);
    const stop = new AbortController();
    const watching = files.watch(
      paths,
      async () => {
        renewals += 1;
        await files.install(paths, never);
        const renewed = next;
        next = Promise.withResolvers();
        renewed.resolve();
      },
      stop.signal,
    );
    t.after(async () => {
      stop.abort();
      await watching;
    });
    const line = async (pattern: RegExp): Promise<void> => {
      while (!files.lines.some((each) => pattern.test(each))) {
        await lined.promise;
        lined = Promise.withResolvers();
      }
    };
    return { ...files, renewed: () => next.promise, renewals: () => renewals, line, stop, watching };
  }

  it("CONF-T15: sees a pair with another key under the same certificate's names, and each renewal once", async (t) => {
    const paths = await pair(t);
    const { renewed, holds, renewals } = await watched(t, paths);
    for (let times = 1; times <= 3; times += 1) {
      const done = renewed();
      await replace(paths, await pair(t));
      await done;
      await holds(paths);
      assert.equal(renewals(), times);
    }
  });

  it("CONF-T15: sees a renewed certificate of the same key", async (t) => {
    const paths = await pair(t);
    const { renewed, holds } = await watched(t, paths);
    const done = renewed();
    const renewal = ["req", "-x509", "-key", paths.keyPath, "-subj", "/CN=compute", "-days", "90"];
    await run("openssl", [...renewal, "-out", `${paths.certPath}.new`]);
    await rename(`${paths.certPath}.new`, paths.certPath);
    await done;
    await holds(paths);
  });

  it("sees a mounted volume that swaps a link to a folder, as Kubernetes does", async (t) => {
    const volume = await testFolder(t);
    const paths = { keyPath: join(volume, "tls.key"), certPath: join(volume, "tls.crt") };
    const publish = async (name: string): Promise<void> => {
      const from = await pair(t);
      await mkdir(join(volume, name));
      await copyFile(from.keyPath, join(volume, name, "tls.key"));
      await copyFile(from.certPath, join(volume, name, "tls.crt"));
      await symlink(name, join(volume, "..data_tmp"));
      await rename(join(volume, "..data_tmp"), join(volume, "..data"));
    };
    await publish("..1");
    await symlink("..data/tls.key", paths.keyPath);
    await symlink("..data/tls.crt", paths.certPath);
    const { renewed, holds } = await watched(t, paths);
    const done = renewed();
    await publish("..2");
    await done;
    await holds(paths);
  });

  it("warns once of a pair that stays bad, keeps the one before, and takes the next good one", async (t) => {
    const paths = await pair(t);
    const { renewed, line, holds, lines } = await watched(t, paths);
    const other = await pair(t);
    const done = renewed();
    await copyFile(other.keyPath, paths.keyPath);
    await line(/the pair before stays in use: private key file does not match certificate/);
    await copyFile(other.certPath, paths.certPath);
    await done;
    await holds(other);
    assert.equal(lines.filter((each) => each.includes("does not match")).length, 1);
  });

  it("finds a pair again whose folder was taken away for a while", async (t) => {
    const paths = await pair(t);
    const { renewed, line, holds } = await watched(t, paths);
    const folder = join(paths.keyPath, "..");
    const next = await pair(t);
    await rm(folder, { recursive: true });
    await line(/ENOENT/);
    const done = renewed();
    await mkdir(folder);
    await replace(paths, next);
    await done;
    await holds(next);
  });

  it("ends with its signal", async (t) => {
    const { stop, watching } = await watched(t, await pair(t));
    stop.abort();
    await watching;
  });
});
