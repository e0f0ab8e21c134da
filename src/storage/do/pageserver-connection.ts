import type { ComputeMode } from "../../spec/types.ts";
import type { PageserverAddress, PageserverConnection } from "../page-service.ts";
import type { Branch } from "../requests.ts";

/** Who connects to a pageserver, and what for. */
export interface PageserverLogin {
  readonly branch: Branch;
  readonly purpose: { readonly kind: "basebackup"; readonly mode: ComputeMode } | { readonly kind: "lease" };
  readonly token: string | null;
  /** Whom to be when a libpq URL names no user. */
  readonly osUser: string;
  /** A file with the authorities to trust; null for those that Node knows. */
  readonly caFile: string | null;
  /** For one host, in milliseconds, unless a libpq URL sets another limit. */
  readonly connectMsMax: number;
}

/**
 * Connects to a pageserver by the protocol of the address; the other protocol's code is not loaded. The caller closes it.
 * @throws ConnectionError, ConnectionTargetError
 */
export async function openPageserver(
  address: PageserverAddress,
  login: PageserverLogin,
  signal: AbortSignal,
): Promise<PageserverConnection> {
  if (address.protocol === "libpq") {
    const { openLibpqPageserver } = await import("./libpq-pageserver.ts");
    return openLibpqPageserver(address, login, signal);
  }
  const { openGrpcPageserver } = await import("./grpc-pageserver.ts");
  return openGrpcPageserver(address, login, signal);
}
