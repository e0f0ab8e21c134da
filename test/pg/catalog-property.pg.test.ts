import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import type { SampleSpec } from "../../src/catalog/test-samples.ts";
import { apply } from "./apply.ts";
import { majors, startTemporaryPostgres, type TemporaryPostgres } from "./temporary-postgres.ts";

const names = ["a", 'q"uo te', "$x$", "Über", "select"] as const;
/** More of them, to look for rarer cases: TEST_PROPERTY_RUNS=200. */
const numRuns = Number(process.env["TEST_PROPERTY_RUNS"] ?? "15");

const knownNames: readonly string[] = names;
const hashes = [null, "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"] as const;
const ident = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const renamed = (name: string): string => `${name} renamed`;

const anyRoles = fc.uniqueArray(fc.record({ name: fc.constantFrom(...names), hash: fc.constantFrom(...hashes) }), {
  selector: ({ name }) => name,
  maxLength: names.length,
});
/** Indexes into the roles say who owns a database; without roles it is the superuser. */
const anyDatabases = fc.uniqueArray(fc.record({ name: fc.constantFrom(...names), owner: fc.nat({ max: 4 }) }), {
  selector: ({ name }) => name,
  maxLength: 3,
});
const anyState = fc.record({ roles: anyRoles, databases: anyDatabases });
/** What a customer may have done to databases and roles of the same names. */
const anyOddity = fc.subarray(["closed", "template", "settings", "bare", "privileges", "attributes"] as const);
/** For each name, what deltas do to the role and to the database. */
const anyFate = fc.constantFrom("stays", "stays", "is deleted", "is renamed");
const anyFates = fc.record({
  role: fc.array(anyFate, { minLength: 5, maxLength: 5 }),
  database: fc.array(anyFate, { minLength: 5, maxLength: 5 }),
});

type State = typeof anyState extends fc.Arbitrary<infer T> ? T : never;
type Fates = typeof anyFates extends fc.Arbitrary<infer T> ? T : never;
type Oddities = typeof anyOddity extends fc.Arbitrary<infer T> ? T : never;

function ownerOf({ roles }: State, owner: number): string {
  return roles.length === 0 ? "cloud_admin" : (roles[owner % roles.length]?.name ?? "cloud_admin");
}

async function column(pg: TemporaryPostgres, query: string): Promise<readonly string[]> {
  return (await pg.sql("postgres", query)).map((row) => Object.values(row)[0] ?? "");
}

async function clear(pg: TemporaryPostgres): Promise<void> {
  for (const name of await column(pg, "SELECT datname FROM pg_database WHERE datname !~ '^(template|postgres)'")) {
    await pg.sql("postgres", `ALTER DATABASE ${ident(name)} IS_TEMPLATE false`);
    await pg.sql("postgres", `DROP DATABASE ${ident(name)} WITH (FORCE)`);
  }
  const roles = "SELECT rolname FROM pg_roles WHERE rolname !~ '^(pg_|cloud_admin$|neon_superuser$)'";
  for (const name of await column(pg, roles)) {
    await pg.sql("postgres", `DROP OWNED BY ${ident(name)}; DROP ROLE ${ident(name)}`);
  }
}

/** Makes the catalog by hand, as customers and earlier applies may have left it; every database holds a row. */
async function prepare(pg: TemporaryPostgres, state: State, oddities: Oddities): Promise<void> {
  for (const { name, hash } of state.roles) {
    const odd = oddities.includes("attributes") ? "NOINHERIT CREATEDB CONNECTION LIMIT 3" : "";
    await pg.sql(
      "postgres",
      `CREATE ROLE ${ident(name)} LOGIN ${odd} PASSWORD ${hash === null ? "NULL" : `'md5${hash}'`}`,
    );
  }
  for (const { name, owner } of state.databases) {
    await pg.sql("postgres", `CREATE DATABASE ${ident(name)} OWNER ${ident(ownerOf(state, owner))}`);
    await pg.sql(name, "CREATE SCHEMA kept; CREATE TABLE kept.t (a int); INSERT INTO kept.t VALUES (7)");
    if (oddities.includes("bare")) await pg.sql(name, "DROP SCHEMA public");
    for (const role of oddities.includes("privileges") ? state.roles : []) {
      await pg.sql(
        name,
        `GRANT SELECT ON kept.t TO ${ident(role.name)}; CREATE TABLE kept.${ident(role.name)} ();
        ALTER TABLE kept.${ident(role.name)} OWNER TO ${ident(role.name)}`,
      );
    }
    if (oddities.includes("settings")) {
      await pg.sql(
        "postgres",
        `ALTER DATABASE ${ident(name)} SET search_path = kept;
        ALTER DATABASE ${ident(name)} SET default_transaction_read_only = on`,
      );
    }
  }
  const [first] = state.databases;
  if (first === undefined) return;
  if (oddities.includes("template")) await pg.sql("postgres", `ALTER DATABASE ${ident(first.name)} IS_TEMPLATE true`);
  if (oddities.includes("closed"))
    await pg.sql("postgres", `ALTER DATABASE ${ident(first.name)} ALLOW_CONNECTIONS false`);
}

/** Roles with verifier and the rest of their attributes, databases with owner. */
async function catalogOf(pg: TemporaryPostgres) {
  const roles = `SELECT rolname AS name, rolpassword AS verifier, concat_ws(' ', rolsuper, rolinherit, rolcreaterole,
    rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit) AS attributes FROM pg_authid`;
  const databases = "SELECT oid, datname AS name, pg_get_userbyid(datdba) AS owner FROM pg_database";
  return {
    roles: new Map((await pg.sql("postgres", roles)).map((row) => [row["name"] ?? "", row])),
    databases: new Map((await pg.sql("postgres", databases)).map((row) => [row["name"] ?? "", row])),
  };
}

/** What is about to happen to a catalog. */
interface Story {
  readonly prior: State;
  readonly wanted: State;
  readonly spec: SampleSpec;
  /** Databases that are deleted, and that are renamed; roles that are deleted. */
  readonly gone: ReadonlySet<string>;
  readonly moved: ReadonlySet<string>;
  readonly leaving: ReadonlySet<string>;
}

/** A spec that a control plane could send: what deltas delete or rename is not wanted under its old name. */
function tell(prior: State, wanted: State, fates: Fates): Story {
  const fate = (kind: keyof Fates, name: string) => fates[kind][knownNames.indexOf(name)] ?? "stays";
  const isWantedRole = (name: string) => wanted.roles.some((role) => role.name === name);
  const ownsPrior = (name: string) => prior.databases.some(({ owner }) => ownerOf(prior, owner) === name);
  const leaving = new Set(
    names.filter((name) => fate("role", name) === "is deleted" && !isWantedRole(name) && !ownsPrior(name)),
  );
  const isWantedDatabase = (name: string) => wanted.databases.some((database) => database.name === name);
  const gone = new Set(names.filter((name) => fate("database", name) === "is deleted" && !isWantedDatabase(name)));
  const moved = new Set(names.filter((name) => fate("database", name) === "is renamed" && !isWantedDatabase(name)));
  const spec = {
    roles: wanted.roles.map(({ name, hash }) => ({ name, encrypted_password: hash })),
    databases: wanted.databases.map(({ name, owner }) => ({ name, owner: ownerOf(wanted, owner) })),
    deltas: [
      ...[...gone].map((name) => ({ action: "delete_db", name })),
      ...[...moved].map((name) => ({ action: "rename_db", name, new_name: renamed(name) })),
      ...[...leaving].map((name) => ({ action: "delete_role", name })),
    ],
  };
  return { prior, wanted, spec, gone, moved, leaving };
}

/** Whether a role that is to go has something where the spec does not look: then it cannot go (T10, V21). */
function isHeld({ prior, wanted, gone, leaving }: Story, oddities: Oddities): boolean {
  const outside = prior.databases.filter(({ name }, index) => {
    const isVisited =
      wanted.databases.some((each) => each.name === name) && !(index === 0 && oddities.includes("closed"));
    return !gone.has(name) && !isVisited;
  });
  const isUsed = prior.roles.some(({ name }) => leaving.has(name)) && oddities.includes("privileges");
  return isUsed && outside.length > 0;
}

type Found = Awaited<ReturnType<typeof catalogOf>>;

function checkWanted({ wanted, gone }: Story, after: Found): void {
  for (const { name, hash } of wanted.roles) {
    assert.equal(after.roles.get(name)?.["verifier"], hash === null ? null : `md5${hash}`, name);
  }
  for (const { name, owner } of wanted.databases) {
    assert.equal(after.databases.get(name)?.["owner"], ownerOf(wanted, owner), name);
  }
  for (const name of gone) assert.ok(!after.databases.has(name), `${name} is gone`);
}

function checkRoles({ wanted, leaving }: Story, before: Found, after: Found): void {
  for (const [name, row] of before.roles) {
    if (leaving.has(name)) continue;
    const isWanted = wanted.roles.some((role) => role.name === name);
    const expected = isWanted ? { ...row, verifier: after.roles.get(name)?.["verifier"] } : row;
    assert.deepEqual(after.roles.get(name), expected, "nothing but a wanted password changes");
  }
}

async function checkDatabases(pg: TemporaryPostgres, story: Story, before: Found, after: Found): Promise<void> {
  const { prior, wanted, gone, moved } = story;
  for (const { name } of prior.databases.filter((database) => !gone.has(database.name))) {
    const [found, now] = [before.databases.get(name), moved.has(name) ? renamed(name) : name];
    assert.equal(after.databases.get(now)?.["oid"], found?.["oid"], "it is the same database");
    if (!wanted.databases.some((database) => database.name === name)) {
      assert.equal(after.databases.get(now)?.["owner"], found?.["owner"]);
    }
    await pg.sql("postgres", `ALTER DATABASE ${ident(now)} ALLOW_CONNECTIONS true`);
    assert.deepEqual(await pg.sql(now, "SELECT a FROM kept.t"), [{ a: "7" }], "its data are there");
  }
}

for (const major of majors) {
  it(`Postgres ${major}: any spec on any catalog comes out as wanted, loses nothing else, and is settled`, async (t) => {
    const pg = await startTemporaryPostgres(t, major);
    await fc.assert(
      fc.asyncProperty(anyState, anyState, anyFates, anyOddity, async (prior, wanted, fates, oddities) => {
        const story = tell(prior, wanted, fates);
        await clear(pg);
        await prepare(pg, prior, oddities);
        const before = await catalogOf(pg);
        const held = isHeld(story, oddities);
        if (held) await assert.rejects(apply(pg, story.spec), /could not drop role/);
        else {
          await apply(pg, story.spec);
          assert.equal((await apply(pg, story.spec)).steps, 0, "a second apply changes nothing");
        }
        const after = await catalogOf(pg);
        checkWanted(story, after);
        for (const name of held ? [] : story.leaving) assert.ok(!after.roles.has(name), `${name} is gone`);
        checkRoles(story, before, after);
        await checkDatabases(pg, story, before, after);
      }),
      { numRuns },
    );
  });
}
