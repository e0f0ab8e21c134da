import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { apply } from "./apply.ts";
import { majors, startTemporaryPostgres, type TemporaryPostgres } from "./temporary-postgres.ts";

const names = ["a", 'q"uo te', "$x$", "Über", "select"] as const;
const hashes = [null, "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"] as const;
const ident = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const anyRoles = fc.uniqueArray(fc.record({ name: fc.constantFrom(...names), hash: fc.constantFrom(...hashes) }), {
  selector: ({ name }) => name,
  maxLength: names.length,
});
/** Indexes into the roles say who owns a database; without roles it is the superuser. */
const anyDatabases = fc.uniqueArray(fc.record({ name: fc.constantFrom(...names), owner: fc.nat({ max: 4 }) }), {
  selector: ({ name }) => name,
  maxLength: 2,
});
const anyState = fc.record({ roles: anyRoles, databases: anyDatabases });

type State = typeof anyState extends fc.Arbitrary<infer T> ? T : never;

function ownerOf({ roles }: State, owner: number): string {
  return roles.length === 0 ? "cloud_admin" : (roles[owner % roles.length]?.name ?? "cloud_admin");
}

/** Makes the catalog by hand, as customers and earlier applies may have left it. */
async function prepare(pg: TemporaryPostgres, state: State): Promise<void> {
  for (const { datname } of await pg.sql(
    "postgres",
    "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'",
  )) {
    await pg.sql("postgres", `DROP DATABASE ${ident(datname ?? "")} WITH (FORCE)`);
  }
  for (const { rolname } of await pg.sql(
    "postgres",
    "SELECT rolname FROM pg_roles WHERE rolname !~ '^(pg_|cloud_admin$|neon_superuser$)'",
  )) {
    await pg.sql("postgres", `DROP OWNED BY ${ident(rolname ?? "")}; DROP ROLE ${ident(rolname ?? "")}`);
  }
  for (const { name, hash } of state.roles) {
    await pg.sql("postgres", `CREATE ROLE ${ident(name)} PASSWORD ${hash === null ? "NULL" : `'md5${hash}'`}`);
  }
  for (const { name, owner } of state.databases) {
    await pg.sql("postgres", `CREATE DATABASE ${ident(name)} OWNER ${ident(ownerOf(state, owner))}`);
  }
}

/** Names of databases and roles with what the spec says of them. */
async function catalogOf(
  pg: TemporaryPostgres,
): Promise<{ roles: Map<string, string | null>; databases: Map<string, string | null> }> {
  const roles = await pg.sql(
    "postgres",
    "SELECT rolname AS name, rolpassword AS value FROM pg_authid WHERE rolname !~ '^pg_'",
  );
  const databases = await pg.sql(
    "postgres",
    "SELECT datname AS name, pg_get_userbyid(datdba) AS value FROM pg_database",
  );
  const toMap = (rows: typeof roles) => new Map(rows.map((row) => [row["name"] ?? "", row["value"] ?? null]));
  return { roles: toMap(roles), databases: toMap(databases) };
}

for (const major of majors) {
  it(`Postgres ${major}: any spec on any catalog comes out as wanted, loses nothing else, and is settled`, async (t) => {
    const pg = await startTemporaryPostgres(t, major);
    await fc.assert(
      fc.asyncProperty(anyState, anyState, async (prior, wanted) => {
        await prepare(pg, prior);
        const before = await catalogOf(pg);
        const spec = {
          roles: wanted.roles.map(({ name, hash }) => ({ name, encrypted_password: hash })),
          databases: wanted.databases.map(({ name, owner }) => ({ name, owner: ownerOf(wanted, owner) })),
        };
        await apply(pg, spec);
        const after = await catalogOf(pg);
        for (const { name, hash } of wanted.roles) {
          assert.equal(after.roles.get(name), hash === null ? null : `md5${hash}`);
        }
        for (const { name, owner } of wanted.databases) assert.equal(after.databases.get(name), ownerOf(wanted, owner));
        for (const [name, verifier] of before.roles) {
          if (!wanted.roles.some((role) => role.name === name)) assert.equal(after.roles.get(name), verifier, name);
        }
        for (const [name, owner] of before.databases) {
          if (!wanted.databases.some((database) => database.name === name))
            assert.equal(after.databases.get(name), owner);
        }
        assert.equal((await apply(pg, spec)).steps, 0);
      }),
      { numRuns: 12 },
    );
  });
}
