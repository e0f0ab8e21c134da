import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { PostgresNotFoundError } from "../installation.ts";
import { locatePostgres } from "./installation.ts";

const { signal } = new AbortController();
let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "installation-")));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

async function addFile(path: string, text = ""): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text, { mode: 0o755 });
}

async function addPostgres(answer = "postgres (PostgreSQL) 17.10", folder = "pg/bin"): Promise<string> {
  await addFile(`${folder}/postgres`, `#!/bin/sh\necho '${answer}'\n`);
  return join(root, folder, "postgres");
}

function problem(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof PostgresNotFoundError && pattern.test(error.message);
}

describe("locating Postgres (CLI-5)", () => {
  it("follows links to the real folder, and knows the version and the libraries", async () => {
    const pgbin = await addPostgres();
    await addFile("pg/lib/postgresql/plpgsql.so");
    await addFile("pg/lib/postgresql/neon.so");
    await addFile("pg/lib/libpq.so.5");
    await mkdir(join(root, "links"));
    await symlink(pgbin, join(root, "links/postgres"));
    const { hasLibrary, ...found } = await locatePostgres({ pgbin: join(root, "links/postgres"), path: "" }, signal);
    const bindir = join(root, "pg/bin");
    const libdir = join(root, "pg/lib/postgresql");
    assert.deepEqual(found, { pgbin, bindir, libdir, major: 17, version: "17.10" });
    assert.deepEqual(["neon", "pgaudit", "libpq"].map(hasLibrary), [true, false, false]);
  });

  it("looks for a bare name in PATH, past files that cannot be executed", async () => {
    await addPostgres("postgres (PostgreSQL) 15.2", "second");
    await addFile("lib/plpgsql.so");
    await addFile("first/postgres");
    await chmod(join(root, "first/postgres"), 0o644);
    const found = await locatePostgres(
      { pgbin: "postgres", path: `${root}/none:${root}/first:${root}/second` },
      signal,
    );
    assert.equal(found.pgbin, join(root, "second/postgres"));
  });

  it("asks pg_config when the libraries are not near", async () => {
    const pgbin = await addPostgres();
    await addFile("elsewhere/plpgsql.dylib");
    await addFile("pg/bin/pg_config", `#!/bin/sh\n[ "$1" = --pkglibdir ] && echo '${root}/elsewhere'\n`);
    assert.equal((await locatePostgres({ pgbin, path: "" }, signal)).libdir, join(root, "elsewhere"));
  });

  it("says which paths it tried, and which flag to set", async () => {
    const pgbin = join(root, "none/postgres");
    await assert.rejects(
      locatePostgres({ pgbin, path: "" }, signal),
      problem(/no Postgres at \S+none\/postgres.*--pgbin/),
    );
    const wanted = { pgbin: "no-such-postgres", path: undefined };
    const places =
      /no Postgres at \/usr\/local\/bin\/no-such-postgres, \/usr\/bin\/no-such-postgres, \/bin\/no-such-postgres/;
    await assert.rejects(locatePostgres(wanted, signal), problem(places));
  });

  it("does not look in relative folders of PATH", async () => {
    const wanted = { pgbin: "postgres", path: "bin:." };
    await assert.rejects(locatePostgres(wanted, signal), problem(/no Postgres at any absolute folder of PATH/));
  });

  it("refuses what is not an executable file", async () => {
    await addFile("pg/bin/postgres");
    await chmod(join(root, "pg/bin/postgres"), 0o644);
    const notExecutable = problem(/is not a file that can be executed/);
    await assert.rejects(locatePostgres({ pgbin: join(root, "pg/bin/postgres"), path: "" }, signal), notExecutable);
    await assert.rejects(locatePostgres({ pgbin: join(root, "pg/bin"), path: "" }, signal), notExecutable);
  });

  it("refuses what is not Postgres, fails, or is of a version that it cannot run", async () => {
    const pgbin = await addPostgres("hello");
    await assert.rejects(locatePostgres({ pgbin, path: "" }, signal), problem(/it says "hello"/));
    await addPostgres("postgres (PostgreSQL) 13.1");
    await assert.rejects(locatePostgres({ pgbin, path: "" }, signal), problem(/versions 14 to 18/));
    await addFile("pg/bin/postgres", "#!/bin/sh\nexit 1\n");
    await assert.rejects(locatePostgres({ pgbin, path: "" }, signal), problem(/does not tell its version/));
  });

  it("refuses a Postgres whose libraries cannot be found", async () => {
    const pgbin = await addPostgres();
    await assert.rejects(locatePostgres({ pgbin, path: "" }, signal), problem(/cannot find the libraries/));
  });
});
