import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { chmod, chown, cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext } from "node:test";
import { promisify } from "node:util";
import pg from "pg";
import { once } from "../../src/base/once.ts";
import type { OpenSession, SqlRow } from "../../src/base/sql.ts";
import { createOpenSession } from "../../src/postgres/do/session.ts";
import { type PostgresForUser, postgresForUser } from "../../src/standin/postgres-install.ts";
import type { PostgresMajor } from "../../src/standin/postgres-major.ts";
import { chosenMajors } from "../support/postgres-majors.ts";
import { copyPostgres } from "../support/private-postgres.ts";

/** A server with an empty catalog, made for one test. */
export interface TemporaryPostgres {
  readonly openSession: OpenSession;
  /** Runs statements in a session of their own, and returns the rows of the last one. */
  sql(database: string, statements: string): Promise<readonly SqlRow[]>;
  /** Connects as a customer would; ended with the test. */
  connect(t: TestContext, login: Login): Promise<pg.Client>;
}

/** Who connects, and how; `replication` asks for a walsender. */
export interface Login {
  readonly user: string;
  readonly database: string;
  readonly applicationName?: string;
  readonly replication?: true;
}

const run = promisify(execFile);
const commandMsMax = 60_000;
const settings = `
fsync = off
wal_level = logical
max_connections = 40
max_logical_replication_workers = 0
unix_socket_directories = ''
listen_addresses = '127.0.0.1'
lc_messages = 'C'
`;

const folder = mkdtempSync(join(tmpdir(), "compute-ctl-pg-"));
after(() => rm(folder, { recursive: true }));

/** What a test needs its server to be. */
interface ServerOptions {
  /** Whom the cluster belongs to: long ago it was `zenith_admin`. */
  readonly superuser?: "cloud_admin" | "zenith_admin";
  /** Extensions that the server has files of, beside its own; they are SQL alone. */
  readonly extensions?: readonly AddedExtension[];
}

/** An extension that the packages of Postgres do not have. */
export interface AddedExtension {
  readonly name: string;
  readonly defaultVersion: string;
  /** SQL by what it is for, as in file names: `1.0` installs that version, `1.0--1.6` updates one to the other. */
  readonly scripts: Readonly<Record<string, string>>;
}

const pristine = new Map<string, () => Promise<Pristine>>();

/** The servers that a test file runs on. */
export const majors: readonly PostgresMajor[] = chosenMajors(process.env["TEST_POSTGRES"]);

/** An initialised data directory that servers are copied from. */
interface Pristine {
  readonly postgres: PostgresForUser;
  readonly data: string;
}

/** Starts a server on a free loopback port, to be reached as cloud_admin; it is gone when the test ends. */
export async function startTemporaryPostgres(
  t: TestContext,
  major: PostgresMajor,
  { superuser = "cloud_admin", extensions = [] }: ServerOptions = {},
): Promise<TemporaryPostgres> {
  const { postgres: installed, data: source } = await pristineData(major, superuser);
  const home = await mkdtemp(join(folder, "server-"));
  const postgres = extensions.length === 0 ? installed : await withExtensions(installed, home, extensions);
  const data = join(home, "data");
  await cp(source, data, { recursive: true });
  await run("chown", [ownerOf(postgres), home], { timeout: commandMsMax });
  await run("chown", ["-R", ownerOf(postgres), data], { timeout: commandMsMax });
  const port = await freePort();
  await runAs(postgres, "pg_ctl", ["-D", data, "-w", "-l", join(data, "log"), "-o", `-p ${port}`, "start"]);
  t.after(() => runAs(postgres, "pg_ctl", ["-D", data, "-w", "-m", "immediate", "stop"]));
  const connstr = {
    user: "cloud_admin",
    password: null,
    host: "127.0.0.1",
    port,
    database: "postgres",
    options: null,
  };
  const openSession = createOpenSession(connstr, { connectLimitMs: commandMsMax });
  return {
    openSession,
    sql: async (database, statements) => {
      const session = await openSession({ purpose: "test", database });
      try {
        return await session.run(statements);
      } finally {
        await session.close();
      }
    },
    connect: async (t, { user, database, applicationName, replication }) => {
      const client = new pg.Client({
        ...{ host: connstr.host, port, user, database },
        ...(applicationName === undefined ? {} : { application_name: applicationName }),
        ...(replication === undefined ? {} : { replication: "database" }),
      });
      // The server may be stopped while it is connected.
      client.on("error", () => {});
      t.after(() => client.end());
      await client.connect();
      return client;
    },
  };
}

function pristineData(major: PostgresMajor, superuser: NonNullable<ServerOptions["superuser"]>): Promise<Pristine> {
  const name = `pristine-${major}-${superuser}`;
  const made = pristine.get(name) ?? once(() => initialise(major, superuser, name));
  pristine.set(name, made);
  return made();
}

async function initialise(major: PostgresMajor, superuser: string, name: string): Promise<Pristine> {
  await chmod(folder, 0o755);
  const postgres = await postgresForUser({ major, workdir: folder });
  const home = join(folder, name);
  await mkdir(home);
  if (postgres.runAs !== null) await chown(home, postgres.runAs.uid, postgres.runAs.gid);
  const data = join(home, "data");
  await runAs(postgres, "initdb", ["-D", data, "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]);
  await writeFile(join(data, "postgresql.conf"), settings, { flag: "a" });
  return { postgres, data };
}

/** An installation of its own for a server, a copy of the other one with more extensions. */
async function withExtensions(
  { bindir, runAs: user }: PostgresForUser,
  home: string,
  extensions: readonly AddedExtension[],
): Promise<PostgresForUser> {
  const own = join(home, "postgres");
  const { extensionFolder: files } = await copyPostgres(bindir, own);
  for (const { name, defaultVersion, scripts } of extensions) {
    await writeFile(join(files, `${name}.control`), `default_version = '${defaultVersion}'\nrelocatable = true\n`);
    for (const [purpose, sql] of Object.entries(scripts)) await writeFile(join(files, `${name}--${purpose}.sql`), sql);
  }
  return { bindir: join(own, "bin"), runAs: user };
}

async function runAs(
  { bindir, runAs: user }: PostgresForUser,
  program: string,
  args: readonly string[],
): Promise<void> {
  const credentials = user === null ? {} : { uid: user.uid, gid: user.gid };
  await run(join(bindir, program), args, { ...credentials, cwd: "/", timeout: commandMsMax });
}

function ownerOf({ runAs: user }: PostgresForUser): string {
  return user === null ? `${process.getuid?.()}` : `${user.uid}:${user.gid}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
