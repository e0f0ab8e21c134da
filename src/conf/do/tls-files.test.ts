import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { promisify } from "node:util";
import type { Log } from "../../base/log.ts";
import { testFolder } from "./test-folder.ts";
import { installTls } from "./tls-files.ts";

const run = promisify(execFile);
const never = new AbortController().signal;

/** Makes a key by `genkey` and a certificate of its own, and a data directory for them. */
async function pair(t: TestContext, genkey: readonly string[]) {
  const folder = await testFolder(t);
  const paths = { keyPath: join(folder, "key.pem"), certPath: join(folder, "cert.pem") };
  await run("openssl", [...genkey, "-out", paths.keyPath]);
  await run("openssl", ["req", "-x509", "-key", paths.keyPath, "-subj", "/CN=compute", "-out", paths.certPath]);
  return { paths, pgdata: await testFolder(t), owner: null, signal: never };
}

const p256 = ["ecparam", "-name", "prime256v1", "-genkey", "-noout"];

function logTo(warnings: string[], onWarn: () => void = () => {}): Log {
  const silent = (): void => {};
  const warn = (message: string): void => {
    warnings.push(message);
    onWarn();
  };
  const log: Log = { debug: silent, info: silent, warn, error: silent, span: () => log };
  return log;
}

for (const [kind, genkey] of Object.entries({
  "P-256 in SEC1 form": p256,
  "P-256 behind its parameters": p256.slice(0, -1),
  RSA: ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
  Ed25519: ["genpkey", "-algorithm", "ED25519"],
})) {
  test(`CONF-51, CONF-52: a ${kind} key and its certificate are installed, for their owner only`, async (t) => {
    const tls = await pair(t, genkey);
    const warnings: string[] = [];
    await installTls({ ...tls, log: logTo(warnings) });
    assert.deepEqual((await readdir(tls.pgdata)).sort(), ["server.crt", "server.key"]);
    for (const [file, source] of [
      ["server.key", tls.paths.keyPath],
      ["server.crt", tls.paths.certPath],
    ] as const) {
      assert.equal(await readFile(join(tls.pgdata, file), "utf8"), await readFile(source, "utf8"));
      assert.equal((await stat(join(tls.pgdata, file))).mode & 0o777, 0o600);
    }
    assert.deepEqual(warnings, []);
  });
}

/** Installs a bad pair until the limit is reached, on a clock that jumps there when the flaw was found. */
function installInVain(t: TestContext, tls: Omit<Parameters<typeof installTls>[0], "log">): Promise<void> {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  return installTls({ ...tls, log: logTo([], () => t.mock.timers.tick(30_000)) }).finally(() => t.mock.timers.reset());
}

test("CONF-T12, CONF-T14: a key of another certificate is refused after 30 s, and nothing is installed", async (t) => {
  const tls = await pair(t, p256);
  const other = await pair(t, p256);
  const paths = { ...tls.paths, keyPath: other.paths.keyPath };
  await assert.rejects(installInVain(t, { ...tls, paths }), {
    code: "TLS_FILES",
    message: /key\.pem and certificate .*cert\.pem for TLS: private key file does not match certificate; replace them/,
  });
  assert.deepEqual(await readdir(tls.pgdata), []);
});

test("CONF-51: a flaw is told once, not at each try", async (t) => {
  const tls = await pair(t, p256);
  const whole = await readFile(tls.paths.certPath);
  await writeFile(tls.paths.certPath, "");
  const warnings: string[] = [];
  const warned = Promise.withResolvers<void>();
  const installed = installTls({ ...tls, retryMs: 1, log: logTo(warnings, warned.resolve) });
  await warned.promise;
  for (let write = 0; write < 10; write += 1) await writeFile(tls.paths.certPath, "");
  await writeFile(`${tls.paths.certPath}.new`, whole);
  await rename(`${tls.paths.certPath}.new`, tls.paths.certPath);
  await installed;
  assert.equal(warnings.filter((warning) => warning.includes("no certificate")).length, 1);
});

test("CONF-51: a pair that becomes good while it is waited for is installed", async (t) => {
  const tls = await pair(t, p256);
  const late = { ...tls.paths, certPath: join(await testFolder(t), "late.pem") };
  const warned = Promise.withResolvers<void>();
  const installed = installTls({ ...tls, paths: late, retryMs: 1, log: logTo([], warned.resolve) });
  await warned.promise;
  await rename(tls.paths.certPath, late.certPath);
  await installed;
  assert.equal(await readFile(join(tls.pgdata, "server.crt"), "utf8"), await readFile(late.certPath, "utf8"));
});

test("CONF-52: what is wrong with a file is told, with its name", async (t) => {
  const tls = await pair(t, p256);
  for (const [content, flaw] of [
    ["", /cert\.pem for TLS: certificate file holds no certificate/],
    [
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      /cert\.pem for TLS: certificate file cannot be read: /,
    ],
  ] as const) {
    await writeFile(tls.paths.certPath, content);
    await assert.rejects(installInVain(t, tls), flaw);
  }
  const absent = { ...tls.paths, keyPath: join(tls.pgdata, "absent.pem") };
  await assert.rejects(installInVain(t, { ...tls, paths: absent }), /TLS: ENOENT: .*absent\.pem/);
});

test("CONF-T12: the wait ends with the signal's reason", async (t) => {
  const tls = await pair(t, p256);
  await writeFile(tls.paths.certPath, "");
  const stop = new AbortController();
  const reason = new Error("terminated");
  const log = logTo([], () => stop.abort(reason));
  await assert.rejects(installTls({ ...tls, signal: stop.signal, log }), reason);
});
