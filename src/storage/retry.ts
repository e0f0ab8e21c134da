import {
  CannotRunError,
  ConnectionError,
  ConnectionTargetError,
  HostileArchiveError,
  LocalDiskError,
  NoAgreementInTime,
  PgServerError,
  StockPostgresCannotSync,
} from "./errors.ts";

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

/**
 * Whether trying again cannot help: a token that is refused, an address that cannot be used, a hostile archive, a full or
 * forbidden disk of our own, a Postgres that is missing or cannot do what is asked, a time that is over. The original tries these again as well
 * and so takes a minute to tell. Everything else is tried again as it does, also what looks lasting (an unknown timeline,
 * a garbage-collected LSN): a timeline that is just being made looks the same (chapter 06, Better 4).
 */
export function isHopeless(error: unknown): boolean {
  if (error instanceof ConnectionError) return isHopeless(error.cause);
  if (error instanceof PgServerError) return isTokenRefused(error);
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
