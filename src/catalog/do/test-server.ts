import type { Log } from "../../base/log.ts";
import type { OpenSession, SqlRow } from "../../base/sql.ts";

/** A server made of answers; it keeps what it was asked and counts its sessions. */
export interface FakeServer {
  readonly openSession: OpenSession;
  readonly log: Log;
  /** What was asked, as `purpose in database: sql`, but for the settings of the sessions. */
  readonly queries: readonly string[];
  /** What was logged, as `level message`. */
  readonly lines: readonly string[];
  stillOpen(): number;
}

/** @param answer gives the rows for a statement in a database, or throws */
export function fakeServer(
  answer: (sql: string, database: string) => readonly SqlRow[] | Promise<readonly SqlRow[]>,
): FakeServer {
  const queries: string[] = [];
  const lines: string[] = [];
  let open = 0;
  const at = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), span: () => log };
  return {
    log,
    queries,
    lines,
    stillOpen: () => open,
    openSession: async ({ purpose, database = "postgres" }) => {
      await answer("connect", database);
      open += 1;
      return {
        run: async (sql) => {
          if (sql.startsWith("SET ")) return [];
          queries.push(`${purpose} in ${database}: ${sql}`);
          return answer(sql, database);
        },
        close: async () => {
          open -= 1;
        },
      };
    },
  };
}
