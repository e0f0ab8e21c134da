import { type OpenSession, SqlError } from "../../src/base/sql.ts";
import type { TemporaryPostgres } from "./temporary-postgres.ts";

/** Sessions that break off once `queries` queries have been answered, counted over all of them. */
export function breakingSessions({ openSession }: TemporaryPostgres, queries: number): OpenSession {
  let left = queries;
  return async (target) => {
    const session = await openSession(target);
    const run: typeof session.run = async (sql) => {
      if (left === 0) throw new SqlError("connection lost", "08006");
      left -= 1;
      return session.run(sql);
    };
    return { run, close: session.close };
  };
}
