import type { OpenSession } from "../base/sql.ts";
import type { Facts } from "./facts.ts";
import { loadSession } from "./load.ts";

const connectMsMax = 30_000;

/** Opens sessions with our own Postgres; the driver is loaded with the first of them. */
export function ownSessions({ connstr }: Facts, connectLimitMs: number = connectMsMax): OpenSession {
  return async (target) => (await loadSession()).createOpenSession(connstr, { connectLimitMs })(target);
}
