import type { GrpcCode, GrpcStatus } from "./grpc/status.ts";

/** An ErrorResponse of a pageserver or a safekeeper, in the words that the original shows (BASE-36). */
export class PgServerError extends Error {
  /** The SQLSTATE, five characters. */
  readonly code: string;
  /** What the server said, without severity. */
  readonly serverMessage: string;
  constructor({
    severity,
    code,
    message,
  }: { readonly severity: string; readonly code: string; readonly message: string }) {
    super(`db error: ${severity}: ${message}`);
    this.name = "PgServerError";
    this.code = code;
    this.serverMessage = message;
  }
}

/** A gRPC call that a pageserver ended with another status than OK. */
export class GrpcStatusError extends Error {
  readonly code: GrpcCode;
  /** What the server said, without the code. */
  readonly serverMessage: string;
  constructor({ code, message }: GrpcStatus) {
    super(`grpc error: ${code}: ${message === "" ? "(no message)" : message}`);
    this.name = "GrpcStatusError";
    this.code = code;
    this.serverMessage = message;
  }
}

/** The connection to a storage server is of no use any more, or never was. */
export class ConnectionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ConnectionError";
  }
}

/** TLS with a storage server did not come about. */
export class TlsError extends ConnectionError {
  /** `refused`: the server offers none; `failed`: the handshake broke; `untrusted`: its certificate is not good enough. */
  readonly reason: "refused" | "failed" | "untrusted";
  constructor(reason: TlsError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TlsError";
    this.reason = reason;
  }
}

/** The address of a server cannot be used as it is written. Never holds the address itself: it may carry a password. */
export class ConnectionTargetError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConnectionTargetError";
  }
}

/** An archive that no pageserver sends: a member that would escape from PGDATA, one of a forbidden type, a broken header. */
export class HostileArchiveError extends Error {
  /** The name of the member as the archive gives it. */
  readonly member: string;
  /** @param problem what is wrong with it, as in "is a symlink" */
  constructor(member: string, problem: string, options?: ErrorOptions) {
    super(`base backup refused: member ${JSON.stringify(member)} ${problem}`, options);
    this.name = "HostileArchiveError";
    this.member = member;
  }
}

/** An archive that stops early or that is damaged. */
export class DamagedArchiveError extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(`base backup is damaged: ${problem}`, options);
    this.name = "DamagedArchiveError";
  }
}

/** Our own disk did not take what was written to it. */
export class LocalDiskError extends Error {
  constructor(what: string, options: ErrorOptions) {
    super(`${what}; look at free space and permissions of the data directory`, options);
    this.name = "LocalDiskError";
  }
}

/** A program that we need could not be started. */
export class CannotRunError extends Error {
  constructor(file: string, options: ErrorOptions) {
    super(`could not run ${file}; is it there, and may it be executed?`, options);
    this.name = "CannotRunError";
  }
}

/** The safekeepers did not come to an agreement; another try above the highest term that was heard of may succeed. */
export class NoAgreement extends Error {
  readonly term: bigint;
  constructor(reason: string, term: bigint) {
    super(reason);
    this.name = "NoAgreement";
    this.term = term;
  }
}

/** The safekeepers did not come to an agreement in the time that there was; says of each where it stands. */
export class NoAgreementInTime extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = "NoAgreementInTime";
  }
}

/** The Postgres at hand is not Neon's build, and only that one can bring safekeepers into agreement. */
export class StockPostgresCannotSync extends Error {
  /** @param doubt what the quorum check found, as far as it is known */
  constructor(pgbin: string, doubt: string | null) {
    super(
      `${pgbin} is a Postgres without --sync-safekeepers. The safekeepers do not agree on where the WAL ends, or did not ` +
        "answer in time: let this program settle that with --sync-safekeepers=native, point --pgbin to Neon's build of " +
        "Postgres, or bring the safekeepers up so that all report the same flush and commit LSN",
      doubt === null ? {} : { cause: new Error(doubt) },
    );
    this.name = "StockPostgresCannotSync";
  }
}
