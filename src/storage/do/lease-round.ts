import { withDeadline } from "../../base/deadline.ts";
import type { Lsn } from "../../base/lsn.ts";
import type { PageserverConnectionInfo } from "../../spec/types.ts";
import type { LeaseAnswer, PageserverAddress } from "../page-service.ts";
import { leaseAddresses } from "../pageserver-addresses.ts";
import type { Branch } from "../requests.ts";
import { concernsAddress, isHopeless } from "../retry.ts";
import { openPageserver } from "./pageserver-connection.ts";

/** Which leases, and of whom. */
export interface LeaseRequest extends Branch {
  readonly pageservers: PageserverConnectionInfo;
  readonly lsn: Lsn;
  readonly token: string | null;
  /** Whom to be when a pageserver's URL names no user. */
  readonly osUser: string;
  /** The authorities to trust, see `PageserverLogin`. */
  readonly caFile: string | null;
}

/** What a round came to: until when all shards keep the position, or who does not. */
export type LeaseRound =
  | { readonly kind: "granted"; readonly expiresMs: number }
  | { readonly kind: "refused"; readonly by: string };

/** For one pageserver by one protocol, from the name lookup to the answer, in milliseconds. */
const askMsMax = 10_000;

/**
 * Asks every pageserver of every shard for a lease, all at once (LSN-2), by the preferred protocol or, where that does not get
 * through, by the other one. One that fails does not keep the others from being asked.
 * @returns the earliest expiry, or who refused
 * @throws Error that names a pageserver that failed, with its error as the cause; the signal's reason when it fires
 */
export async function leaseAllShards(request: LeaseRequest, signal: AbortSignal): Promise<LeaseRound> {
  signal.throwIfAborted();
  const answers = await Promise.all(
    leaseAddresses(request.pageservers).map(async (ways) => {
      const name = ways[0]?.name ?? "a pageserver";
      try {
        return { name, answer: await askAnyWay(request, ways, signal) };
      } catch (error) {
        return { name, error };
      }
    }),
  );
  signal.throwIfAborted();
  const failed = answers.filter((each) => "error" in each);
  const [first] = failed;
  if (first !== undefined) {
    const others = failed.length === 1 ? "" : ` and ${failed.length - 1} more`;
    throw new Error(`no lease from ${first.name}${others}, of ${answers.length}`, { cause: first.error });
  }
  let expiresMs = Number.POSITIVE_INFINITY;
  for (const { name, answer } of answers) {
    if (answer === undefined || answer.kind === "refused") return { kind: "refused", by: name };
    expiresMs = Math.min(expiresMs, answer.expiresMs);
  }
  return { kind: "granted", expiresMs };
}

async function askAnyWay(
  request: LeaseRequest,
  ways: readonly PageserverAddress[],
  signal: AbortSignal,
): Promise<LeaseAnswer> {
  let failure: { readonly error: unknown } | undefined;
  for (const address of ways) {
    try {
      return await withDeadline(`asking ${address.name}`, askMsMax, signal, (limited) =>
        ask(request, address, limited),
      );
    } catch (error) {
      signal.throwIfAborted();
      failure ??= { error };
      if (isHopeless(error) && !concernsAddress(error)) break;
    }
  }
  throw failure?.error;
}

async function ask(request: LeaseRequest, address: PageserverAddress, signal: AbortSignal): Promise<LeaseAnswer> {
  const { tenantId, timelineId, lsn, token, osUser, caFile } = request;
  const branch = { tenantId, timelineId };
  const login = { branch, purpose: { kind: "lease" }, token, osUser, caFile, connectMsMax: askMsMax } as const;
  const connection = await openPageserver(address, login, signal);
  try {
    return await connection.lease(lsn, askMsMax);
  } finally {
    connection.close();
  }
}
