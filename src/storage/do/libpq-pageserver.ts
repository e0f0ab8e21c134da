import { parseConnectionTarget } from "../connection-target.ts";
import type { PageserverAddress, PageserverConnection } from "../page-service.ts";
import { basebackupCommand, basebackupStartup, leaseCommand, leaseStartup, readValidUntil } from "../requests.ts";
import { openLibpq } from "./libpq-connection.ts";
import type { PageserverLogin } from "./pageserver-connection.ts";

/** Connects to a pageserver's page service over libpq (chapter 06 §4). */
export async function openLibpqPageserver(
  { url, shard }: PageserverAddress,
  { branch, purpose, token, osUser, caFile, connectMsMax }: PageserverLogin,
  signal: AbortSignal,
): Promise<PageserverConnection> {
  const target = parseConnectionTarget(url, osUser);
  const params = purpose.kind === "basebackup" ? basebackupStartup(target, purpose.mode) : leaseStartup(target);
  const login = { params, token, caFile, connectMsMax: target.connectMsMax ?? connectMsMax };
  const connection = await openLibpq(target, login, signal);
  return {
    basebackup: (query, limits) => connection.copyOut(basebackupCommand(branch, query), limits),
    async lease(lsn) {
      const [row] = await connection.query(leaseCommand(branch, shard, lsn));
      return readValidUntil(row?.get("valid_until"));
    },
    close: () => connection.close(),
  };
}
