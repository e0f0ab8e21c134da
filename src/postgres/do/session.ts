import { Socket } from "node:net";
import { DeadlineError, withDeadline } from "../../base/deadline.ts";
import { once } from "../../base/once.ts";
import type { OpenSession, SqlRow } from "../../base/sql.ts";
import { type Connstr, describeConnstr, olderSessionOptions, sessionOptions } from "../connstr.ts";
import { connectError, lostConnection, statementError } from "../sql-error.ts";

// The driver takes some ten milliseconds to load, which nobody should wait for before there is a server to talk to.
const loadDriver = once(async () => (await import("pg")).default);

const closeMs = 5_000;

/** Loads the driver ahead of the first session. */
export function warmSession(): void {
  // Whoever opens the first session gets the error.
  loadDriver().catch(() => {});
}

/**
 * Makes the function that opens sessions with our own Postgres (CLI-6, APPLY-5): startup options that customers' settings
 * cannot override, no TLS, values as the text that the server sent. One statement at a time.
 * @param limits how long a connection may take to be made, in milliseconds
 * @param identity how sessions announce themselves, when that is another name and other options than those of CLI-6
 */
export function createOpenSession(
  connstr: Connstr,
  limits: { readonly connectLimitMs: number },
  identity?: { readonly applicationName: string; readonly options: string },
): OpenSession {
  return async ({ purpose, database = connstr.database, user }) => {
    const { Client } = await loadDriver();
    const socket = new Socket();
    const client = new Client({
      host: connstr.host,
      port: connstr.port,
      user: user ?? connstr.user,
      // As a function it keeps the driver from PGPASSWORD and ~/.pgpass.
      password: () => connstr.password ?? "",
      database,
      options: identity?.options ?? optionsFor(connstr, user),
      application_name: identity?.applicationName ?? `compute_ctl:${purpose}`,
      // Both said outright, because the driver's defaults come from the environment.
      ssl: false,
      sslnegotiation: "postgres",
      types: { getTypeParser: () => asText },
      stream: () => socket,
    });
    let loss: { readonly cause: unknown } | undefined;
    // Without a listener a connection lost between statements would end this program.
    client.on("error", (cause) => {
      loss ??= { cause };
    });
    try {
      await withDeadline("connecting", limits.connectLimitMs, new AbortController().signal, () => client.connect());
    } catch (error) {
      socket.destroy();
      throw connectError(error, describeConnstr({ ...connstr, database, user: user ?? connstr.user }));
    }
    return {
      run: async (sql) => {
        if (loss !== undefined) throw lostConnection(loss.cause);
        return await runStatements(client, sql);
      },
      close: () => closeSession(client, socket),
    };
  };
}

function optionsFor(connstr: Connstr, user: string | undefined): string {
  return user === undefined ? sessionOptions(connstr) : olderSessionOptions(connstr, user);
}

interface Answer {
  readonly rows: readonly SqlRow[];
}

/** The part of the driver's client that an open session uses. */
interface DriverClient {
  /** Gives one answer, or one for each of several statements. */
  query(sql: string): Promise<Answer | readonly Answer[]>;
  end(): Promise<void>;
}

async function runStatements(client: DriverClient, sql: string): Promise<readonly SqlRow[]> {
  try {
    const answer = await client.query(sql);
    return "rows" in answer ? answer.rows : (answer.at(-1)?.rows ?? []);
  } catch (error) {
    throw statementError(error);
  }
}

async function closeSession(client: DriverClient, socket: Socket): Promise<void> {
  try {
    await withDeadline("closing a session", closeMs, new AbortController().signal, () => client.end());
  } catch (error) {
    // A server that does not answer the goodbye is left without one.
    if (!(error instanceof DeadlineError)) throw error;
  } finally {
    socket.destroy();
  }
}

function asText(value: string): string {
  return value;
}
