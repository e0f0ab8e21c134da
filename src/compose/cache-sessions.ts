import type { OpenSession } from "../base/sql.ts";
import { type Connstr, type NamedConnstr, sessionOptions } from "../postgres/connstr.ts";
import { loadSession } from "./load.ts";

/** The original's name for these sessions. */
const nameDefault = "vm-monitor";
const connectMsMax = 2_000;
/** A statement that takes longer is given up by the monitor, and must not come into force afterwards. */
const statementLimit = "-c statement_timeout=3000";

/** Opens sessions that size the file cache, by a connection string that was given for them (VM-24). */
export function cacheSessions({ connstr, applicationName }: NamedConnstr): OpenSession {
  const options = connstr.options === null ? statementLimit : `${statementLimit} ${connstr.options}`;
  return open(connstr, { applicationName: applicationName ?? nameDefault, options });
}

/** As {@link cacheSessions}, by the compute's own connection string (trap 14 of chapter 07). */
export function ownCacheSessions(connstr: Connstr): OpenSession {
  return open(connstr, { applicationName: nameDefault, options: `${sessionOptions(connstr)} ${statementLimit}` });
}

function open(connstr: Connstr, identity: { readonly applicationName: string; readonly options: string }): OpenSession {
  return async (target) =>
    (await loadSession()).createOpenSession(connstr, { connectLimitMs: connectMsMax }, identity)(target);
}
