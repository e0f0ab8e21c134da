import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { copyFile, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import pg from "pg";
import type { ComputeProcess } from "./support/compute-process.ts";
import type { ConfigJson } from "./support/config.ts";
import { type World, withWorld } from "./support/world.ts";

const run = promisify(execFile);

interface TlsFolder {
  readonly keyPath: string;
  readonly certPath: string;
  /** Makes a new pair and puts it in the place of the old one, certificate first. */
  renew(): Promise<string>;
}

/** A folder with a key and its certificate in it. */
async function tlsFolder(world: World, name = "tls"): Promise<TlsFolder> {
  const folder = world.path(name);
  await mkdir(folder);
  const paths = { keyPath: join(folder, "tls.key"), certPath: join(folder, "tls.crt") };
  let made = 0;
  const tls: TlsFolder = {
    ...paths,
    renew: async () => {
      made += 1;
      const [key, cert] = [join(folder, `${made}.key`), join(folder, `${made}.crt`)];
      await run("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key]);
      const subject = ["-subj", `/CN=compute-${made}`, "-days", "30"];
      await run("openssl", ["req", "-x509", "-key", key, ...subject, "-out", cert]);
      await rename(cert, paths.certPath);
      await rename(key, paths.keyPath);
      return `compute-${made}`;
    },
  };
  await tls.renew();
  return tls;
}

function configWithTls(world: World, { keyPath, certPath }: TlsFolder, features = ["tls_experimental"]): ConfigJson {
  return world.config({ spec: { features }, computeCtlConfig: { tls: { key_path: keyPath, cert_path: certPath } } });
}

/** A connection over TLS, and the name that the server's certificate has. */
async function connectOverTls({
  ports,
}: ComputeProcess): Promise<{ readonly client: pg.Client; readonly name: string }> {
  const client = new pg.Client({
    ...{ host: "127.0.0.1", port: ports.postgres, user: "cloud_admin", database: "postgres" },
    ssl: { rejectUnauthorized: false },
  });
  client.on("error", () => {});
  await client.connect();
  const { rows } = await client.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
  assert.deepEqual(rows, [{ ssl: true }]);
  const { stream } = client.connection;
  assert.ok(stream instanceof TLSSocket);
  return { client, name: String(stream.getPeerCertificate().subject.CN) };
}

/** Waits until new connections are shown the certificate of this name. */
async function untilServed(compute: ComputeProcess, name: string): Promise<void> {
  await compute.waitForLog(/renewed the certificate for TLS/);
  await compute.waitFor("running");
  const { client, name: served } = await connectOverTls(compute);
  await client.end();
  assert.equal(served, name);
}

describe("TLS for Postgres", () => {
  it("CONF-50 to CONF-56, LIFE-8, LIFE-32: a certificate is renewed under live connections, without dropping one", (t) =>
    withWorld({}, async (world) => {
      const tls = await tlsFolder(world);
      const config = configWithTls(world, tls);
      const compute = await world.start({ config });
      const statuses = await compute.waitFor("running");
      const clients: pg.Client[] = [];
      try {
        await t.test("CONF-51: key and certificate are copies, for their owner only", async () => {
          for (const [name, source] of [
            ["server.key", tls.keyPath],
            ["server.crt", tls.certPath],
          ] as const) {
            assert.equal(await readFile(join(world.pgdata, name), "utf8"), await readFile(source, "utf8"));
            assert.equal((await stat(join(world.pgdata, name))).mode & 0o777, 0o600);
          }
        });

        await t.test("LIFE-32, chapter 04 §14.7: no reconfiguration follows the start", () => {
          assert.ok(statuses.every((status) => status === "init" || status === "running"));
          const changes = Array.from(compute.log().matchAll(/Changing compute status from (.*)/g), ([, it]) => it);
          assert.equal(changes.filter((change) => change?.includes("configuration")).length, 0);
        });

        const first = await connectOverTls(compute);
        clients.push(first.client);
        assert.equal(first.name, "compute-1");
        await first.client.query("BEGIN; CREATE TEMP TABLE held (x int)");
        const pid = await compute.postgresPid();

        await t.test("CONF-53, CONF-T15: a renewed pair is shown to new connections", async () => {
          await untilServed(compute, await tls.renew());
        });

        await t.test("the connection from before, its transaction and Postgres itself live on", async () => {
          await first.client.query("INSERT INTO held VALUES (1)");
          assert.deepEqual((await first.client.query("SELECT x FROM held")).rows, [{ x: 1 }]);
          await first.client.query("COMMIT");
          assert.equal(await compute.postgresPid(), pid);
        });

        await t.test("CONF-54: the renewal was a reconfiguration of its own, on record", async () => {
          const { operations } = JSON.parse((await compute.request("GET", "/operations")).text);
          const [renewal] = operations.filter(({ kind }: { kind: string }) => kind === "renew-certificate");
          assert.equal(renewal?.state, "succeeded");
          assert.match(
            compute.log(),
            /from running to configuration-pending\n.*from configuration-pending to configuration\n/,
          );
        });

        await t.test("HTTP-82, MET-19: its expiry is in the status's detail and a metric", async () => {
          const expected = new X509Certificate(await readFile(tls.certPath)).validToDate;
          const { detail } = JSON.parse((await compute.request("GET", "/status?detail=true")).text);
          assert.equal(detail.tls.not_after, expected.toISOString());
          assert.deepEqual(detail.features, { on: ["tls_experimental"], unknown: [] });
          const metrics = (await compute.request("GET", "/metrics", { token: null })).text;
          const seconds = /compute_ctl_tls_certificate_expiry_timestamp_seconds (\d+)/.exec(metrics)?.[1];
          assert.equal(Number(seconds), expected.getTime() / 1000);
        });

        await t.test(
          "CONF-T14: a pair that does not match, or is half written, leaves the one before in use",
          async () => {
            const whole = await readFile(tls.certPath, "utf8");
            await writeFile(tls.certPath, whole.slice(0, 100));
            await compute.waitForLog(/so the pair before stays in use: certificate file holds no certificate/);
            assert.match(
              (await compute.request("GET", "/metrics", { token: null })).text,
              /tls_certificate_usable 0\n/,
            );
            const stray = await tlsFolder(world, "stray");
            await copyFile(stray.certPath, tls.certPath);
            await compute.waitForLog(/so the pair before stays in use: private key file does not match certificate/);
            const { client, name } = await connectOverTls(compute);
            clients.push(client);
            assert.equal(name, "compute-2");
            assert.equal((await compute.status())?.status, "running");
            const body = { ...config, spec: { ...config.spec, project_id: "a-new-one" } };
            const reply = await compute.request("POST", "/configure", { body });
            assert.equal(reply.status, 200, "a bad pair does not stand in the way of a reconfiguration");
          },
        );

        await t.test("CONF-56: a spec without the feature switches TLS off", async () => {
          const body = configWithTls(world, tls, []);
          assert.equal((await compute.request("POST", "/configure", { body })).status, 200);
          await assert.rejects(connectOverTls(compute), /does not support SSL/);
          await first.client.query("SELECT 1");
        });
      } finally {
        await Promise.all(clients.map((client) => client.end()));
      }
    }));

  it("CONF-T12, T-23, SPEC-23, chapter 02 trap 12: without the feature, files that are not there hold nobody up", () =>
    withWorld({}, async (world) => {
      const nowhere = { keyPath: "/nowhere/tls.key", certPath: "/nowhere/tls.crt" };
      const config = configWithTls(world, { ...nowhere, renew: async () => "" }, []);
      const compute = await world.start({ config });
      await compute.waitFor("running");
      assert.doesNotMatch(compute.log(), /\/nowhere/);
    }));

  it("CONF-51: the first pair may come a little late", () =>
    withWorld({}, async (world) => {
      const tls = await tlsFolder(world);
      await rename(tls.keyPath, `${tls.keyPath}.late`);
      const compute = await world.start({ config: configWithTls(world, tls) });
      await compute.waitForLog(/cannot use private key .* for TLS yet: ENOENT/);
      await rename(`${tls.keyPath}.late`, tls.keyPath);
      await compute.waitFor("running");
      const { client } = await connectOverTls(compute);
      await client.end();
    }));
});
