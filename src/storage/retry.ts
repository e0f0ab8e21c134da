import {
  CannotRunError,
  ConnectionError,
  ConnectionTargetError,
  GrpcStatusError,
  HostileArchiveError,
  LocalDiskError,
  NoAgreementInTime,
  PgServerError,
  StockPostgresCannotSync,
  TlsError,
} from "./errors.ts";
import type { GrpcCode } from "./grpc/status.ts";
import { insistsOnTls } from "./sslmode.ts";

/** BASE-70: tries after the first one, when the environment does not say otherwise. */
const basebackupRetriesMax = 10;
const basebackupFirstPauseMs = 500;
const basebackupPauseFactor = 1.5;

/** SK-24: pauses between the runs of the full sync at start, in milliseconds. */
export const syncPausesMs: readonly number[] = [0, 1100, 1210, 1331, 1464];

/** The pauses between the tries for a base backup, in milliseconds (BASE-70). */
export function basebackupPausesMs(retriesMax: number = basebackupRetriesMax): readonly number[] {
  return Array.from({ length: retriesMax }, (_, retry) => basebackupFirstPauseMs * basebackupPauseFactor ** retry);
}

/** BASE-64: what a pageserver says of a request that will be no better the next time. */
const hopelessCodes: ReadonlySet<GrpcCode> = new Set([
  "INVALID_ARGUMENT",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "FAILED_PRECONDITION",
  "UNIMPLEMENTED",
]);

/**
 * Whether trying again cannot help: a token that is refused, an archived timeline, an LSN that is garbage-collected, an address
 * that cannot be used, a hostile archive, a full or forbidden disk of our own, a Postgres that is missing or cannot do what is
 * asked, a time that is over. The original tries these again as well and so takes a minute to tell. Everything else is tried
 * again as it does, also what looks lasting, such as an unknown timeline: one that is just being made looks the same (Trap 20).
 */
export function isHopeless(error: unknown): boolean {
  if (error instanceof TlsError) return error.reason !== "failed";
  if (error instanceof ConnectionError) return isHopeless(error.cause);
  // Where TLS may be used, it was tried before this is told.
  if (error instanceof PgServerError) return hopelessMessage.test(error.serverMessage) || insistsOnTls(error);
  if (error instanceof GrpcStatusError) return hopelessCodes.has(error.code);
  return (
    error instanceof ConnectionTargetError ||
    error instanceof HostileArchiveError ||
    error instanceof LocalDiskError ||
    error instanceof CannotRunError ||
    error instanceof NoAgreementInTime ||
    error instanceof StockPostgresCannotSync
  );
}

/** Whether a server does not take our token. It gives this the catch-all code XX000; only its words tell it (BASE-35). */
export function isTokenRefused(error: unknown): boolean {
  return error instanceof PgServerError && /^(?:JWT authentication error|Unauthorized)/.test(error.serverMessage);
}

/** Whether the address is to blame, so that another way to the same pages may work at once. */
export function concernsAddress(error: unknown): boolean {
  if (error instanceof ConnectionTargetError || error instanceof TlsError || insistsOnTls(error)) return true;
  if (error instanceof GrpcStatusError) return error.code === "UNIMPLEMENTED";
  return error instanceof ConnectionError && concernsAddress(error.cause);
}

/** The server gives these the catch-all code XX000; only its words tell them from other failures (BASE-35, BASE-40). */
const hopelessMessage =
  /^(?:JWT authentication error|Unauthorized|Not found: timeline is archived$|invalid basebackup lsn)/;
