import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseConnstr } from "../../../src/postgres/connstr.ts";
import { createOpenSession } from "../../../src/postgres/do/session.ts";
import type { World } from "../bench-world.ts";
import { withCompute } from "../compute-runs.ts";
import type { Measurements } from "../measures.ts";
import { type ApplyFigures, readFigures } from "./figures.ts";
import { type CatalogSize, roleName, verifier, withCatalog } from "./spec.ts";

const run = promisify(execFile);
const applyProcess = fileURLToPath(new URL("./apply-process.ts", import.meta.url));
const applyMsMax = 300_000;
const connectLimitMs = 30_000;
const running = /Changing compute status from \S+ to running$/;

const manyRoles: CatalogSize = { roles: 5_000, databases: 50 };
const manyDatabases: CatalogSize = { roles: 10, databases: 200 };
const fewDatabases: CatalogSize = { roles: 10, databases: 20 };

/** 5,000 roles and 50 databases: bare, applied, applied with passwords written directly, and again without a change. */
export async function measureRoles(world: World): Promise<Measurements> {
  const statements = Array.from(
    { length: manyRoles.roles },
    (_, index) => `CREATE ROLE ${roleName(index)} LOGIN PASSWORD '${verifier(index)}'`,
  );
  const bareRolesMs = await measureBare(world, statements);
  const [first, unchanged, known] = await measureApplies(world, manyRoles, "plainly");
  const [direct] = await measureApplies(world, manyRoles, "directly");
  return {
    bareRolesMs,
    rolesMs: first.ms,
    rolesLoopGapMs: first.loopGapMs,
    rolesUnchangedMs: unchanged.ms,
    rolesKnownMs: known.ms,
    directRolesMs: direct.ms,
    directRolesLoopGapMs: direct.loopGapMs,
  };
}

/** 10 roles and 200 databases: bare, applied, and again without a change; and what a tenth of them does to the memory. */
export async function measureDatabases(world: World): Promise<Measurements> {
  const statements = Array.from({ length: manyDatabases.databases }, (_, index) => `CREATE DATABASE bare_${index}`);
  const bareDatabasesMs = await measureBare(world, statements);
  const [first, unchanged, known] = await measureApplies(world, manyDatabases, "plainly");
  const [few] = await measureApplies(world, fewDatabases, "plainly");
  return {
    bareDatabasesMs,
    databasesMs: first.ms,
    databasesLoopGapMs: first.loopGapMs,
    databasesPeakKib: first.peakKib,
    databasesUnchangedMs: unchanged.ms,
    databasesKnownMs: known.ms,
    fewDatabasesPeakKib: few.peakKib,
  };
}

/** How long statements take one after the other, on one connection to a fresh compute's Postgres. */
async function measureBare(world: World, statements: readonly string[]): Promise<number> {
  return withCompute(world, world.config, async ({ compute }) => {
    await compute.lineSeen(running, world.signal);
    const target = parseConnstr(connstrOf(world));
    if (!target.ok) throw new Error(target.message);
    const session = await createOpenSession(target.value, { connectLimitMs })({ purpose: "bench" });
    try {
      const beganAt = performance.now();
      for (const statement of statements) {
        world.signal.throwIfAborted();
        await session.run(statement);
      }
      return performance.now() - beganAt;
    } finally {
      await session.close();
    }
  });
}

type ThreeApplies = readonly [first: ApplyFigures, unchanged: ApplyFigures, known: ApplyFigures];

/** The first apply of a catalog to a fresh compute's Postgres; then, by another process, the same without a change, twice. */
async function measureApplies(
  world: World,
  size: CatalogSize,
  passwords: "plainly" | "directly",
): Promise<ThreeApplies> {
  return withCompute(world, world.config, async ({ compute, pgdata }) => {
    await compute.lineSeen(running, world.signal);
    const file = join(pgdata, `../catalog-${size.roles}-${size.databases}.json`);
    await writeFile(file, withCatalog(world.config, size), { mode: 0o600 });
    const apply = async (times: number): Promise<readonly ApplyFigures[]> => {
      const args = [applyProcess, file, connstrOf(world), passwords, String(times)];
      const { stdout } = await run(process.execPath, args, { signal: world.signal, timeout: applyMsMax });
      return readFigures(stdout);
    };
    const [first] = await apply(1);
    const [unchanged, known] = await apply(2);
    if (first === undefined || unchanged === undefined || known === undefined) throw new Error("an apply told nothing");
    if (first.steps < size.roles + size.databases || unchanged.steps + known.steps !== 0) {
      throw new Error(`the applies took ${first.steps}, ${unchanged.steps} and ${known.steps} steps`);
    }
    return [first, unchanged, known];
  });
}

function connstrOf({ postgresPort }: World): string {
  return `postgresql://cloud_admin@127.0.0.1:${postgresPort}/postgres`;
}
