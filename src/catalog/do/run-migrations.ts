import type { Clock } from "../../base/clock.ts";
import { sleep } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { withScope } from "../../base/scope.ts";
import { type OpenSession, type SqlSession, sqlState } from "../../base/sql.ts";
import { migrations } from "../migrations/list.ts";
import type { Migration } from "../migrations/migration.ts";
import { advanceStatement, decodePosition, positionQuery, preparations } from "../migrations/position.ts";
import type { MigrationState } from "../migrations/state.ts";
import { isTransient } from "../transient.ts";
import { openMaintenanceSession } from "./maintenance-session.ts";
import { takeMigrationLock } from "./migration-lock.ts";
import { namedFailure } from "./named-failure.ts";

export interface MigrationPorts {
  readonly openSession: OpenSession;
  readonly log: Log;
  readonly clock: Clock;
  /** Ends the run and closes its session. */
  readonly signal: AbortSignal;
  /** Hears of a migration that failed for good, by number (MIG-4). */
  readonly onFailed: (migrationId: number) => void;
  /** Hears of each try that follows a failed one. */
  readonly onRetry?: () => void;
  /** Hears of each change of the state. */
  readonly onState: (state: MigrationState) => void;
}

export interface MigrationInput {
  readonly privilegedRoleName: string;
  /** The number of one that a test wants to fail after its SQL ran (MIG-7). */
  readonly failing?: number | null;
  /** How often a transient error is met by another try. */
  readonly retriesMax?: number;
  /** How long the first of these waits; each one after waits twice as long, up to half a minute. */
  readonly retryMs?: number;
  /** How long another run of the migrations is waited for. */
  readonly lockMsMax?: number;
  /** How long a statement may wait for one lock. */
  readonly statementLockMsMax?: number;
  /** How long a statement may take; for ever if nothing is said (MIG-5). */
  readonly statementMsMax?: number;
}

const retryMsMax = 30_000;

/** A migration that could not be run. */
class MigrationError extends Error {
  readonly id: number;
  constructor(id: number, cause: unknown) {
    super(`migration ${id} failed`, { cause });
    this.name = "MigrationError";
    this.id = id;
  }
}

/**
 * Runs the migrations that this catalog has not had yet, in the system database, each in a transaction of its own (chapter 05
 * §6). Lost connections, conflicts and held locks are tried again from the stored position. Other failures end the run; the
 * next start goes on from there.
 * @returns the last state; failures are in it, not thrown
 * @throws only the signal's reason
 */
export async function runMigrations(input: MigrationInput, ports: MigrationPorts): Promise<MigrationState> {
  const { retriesMax = 5, retryMs = 1_000 } = input;
  const { log, signal } = ports;
  for (let retry = 0; ; retry++) {
    try {
      return await runOnce(input, ports);
    } catch (error) {
      signal.throwIfAborted();
      const cause = error instanceof MigrationError ? error.cause : error;
      if (retry >= retriesMax || !isTransient(sqlState(cause))) return giveUp(error, cause, ports);
      const waitMs = Math.min(retryMs * 2 ** retry, retryMsMax);
      log.warn(`trying the migrations again in ${waitMs} ms: ${describeError(cause)}`);
      await sleep(waitMs, signal);
      ports.onRetry?.();
    }
  }
}

async function runOnce(input: MigrationInput, ports: MigrationPorts): Promise<MigrationState> {
  const { log, signal, openSession, onState } = ports;
  const { privilegedRoleName: privilegedRole, lockMsMax = 60_000, statementLockMsMax = 10_000 } = input;
  return await withScope(log, async (onExit) => {
    const target = { purpose: "migrations", lockMsMax: statementLockMsMax, statementMsMax: input.statementMsMax ?? 0 };
    const session = await openMaintenanceSession(openSession, signal, target);
    onExit("close the migrations' session", session.close);
    await takeMigrationLock(session, lockMsMax, ports);
    for (const statement of preparations) await prepare(session, statement);
    const position = decodePosition(await session.run(positionQuery));
    let state: MigrationState = { applied: position.applied, total: migrations.length };
    onState(state);
    for (const migration of migrations.slice(position.applied)) {
      const sql = migration.render({ serverMajor: position.serverMajor, privilegedRole });
      await runMigration(session, migration, sql, { log, fails: migration.id === input.failing });
      state = { ...state, applied: migration.id };
      onState(state);
    }
    return state;
  });
}

async function prepare(session: SqlSession, statement: string): Promise<void> {
  try {
    await session.run(statement);
  } catch (error) {
    throw namedFailure("could not prepare the migrations", error);
  }
}

async function runMigration(
  session: SqlSession,
  { id }: Migration,
  sql: string | null,
  { log, fails }: { readonly log: Log; readonly fails: boolean },
): Promise<void> {
  if (sql === null) log.info(`Skipping migration id=${id}`);
  else log.info(`Running migration id=${id}:\n${sql}\n`);
  try {
    await session.run(["BEGIN", ...(sql === null ? [] : [sql])].join(";\n"));
    if (fails) throw new Error(`migration ${id} was configured to fail because of a failpoint`);
    await session.run(`${advanceStatement(id)};\nCOMMIT`);
  } catch (error) {
    // What the server did not commit is gone with the session at the latest.
    await session.run("ROLLBACK").catch(() => []);
    throw new MigrationError(id, error);
  }
  log.info(`Finished migration id=${id}`);
}

function giveUp(error: unknown, cause: unknown, { log, onFailed, onState }: MigrationPorts): MigrationState {
  const id = error instanceof MigrationError ? error.id : null;
  const told = describeError(cause);
  log.error(id === null ? `could not run the migrations: ${told}` : `Failed to run migration id=${id}: ${told}`);
  if (id !== null) onFailed(id);
  const state: MigrationState = {
    applied: id === null ? null : id - 1,
    total: migrations.length,
    failed: { id, error: told },
  };
  onState(state);
  return state;
}
