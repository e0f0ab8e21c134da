import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { it } from "node:test";
import { gunzipSync } from "node:zlib";
import { makeBaseImage } from "./base-image.ts";
import { postgresForUser } from "./postgres-install.ts";

it("makes a base image from which stock Postgres starts, once for all servers", async (t) => {
  const workdir = await mkdtemp(join(tmpdir(), "standin-image-"));
  await chmod(workdir, 0o755);
  t.after(() => rm(workdir, { recursive: true }));
  const postgres = await postgresForUser({ major: 17, workdir });
  const image = await makeBaseImage({ major: 17, workdir, postgres });
  assert.ok(image.lsn > 0x1000000n);
  assert.deepEqual(await makeBaseImage({ major: 17, workdir, postgres }), image);

  const pgdata = join(workdir, "pgdata");
  await mkdir(pgdata, { mode: 0o700 });
  execFileSync("tar", ["-x", "-C", pgdata], { input: gunzipSync(image.gzip) });
  await writeFile(join(pgdata, "postgresql.conf"), "listen_addresses = ''\nunix_socket_directories = '.'\n");
  const { runAs } = postgres;
  if (runAs !== null) execFileSync("chown", ["-R", `${runAs.uid}:${runAs.gid}`, pgdata]);
  const credentials = runAs === null ? {} : { uid: runAs.uid, gid: runAs.gid };
  const server = spawn(join(postgres.bindir, "postgres"), ["-D", pgdata], {
    ...credentials,
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(server, "exit");
  const log: string[] = [];
  for await (const line of createInterface(server.stderr)) {
    log.push(line);
    if (/ready to accept connections|FATAL/.test(line)) server.kill("SIGINT");
  }
  assert.deepEqual(await ended, [0, null], log.join("\n"));
  assert.match(log.join("\n"), /database system was shut down at.*ready to accept connections/s);
});
