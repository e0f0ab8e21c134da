/** The API refused a request, or could not do what it was asked for. */
export class ApiError extends Error {
  /** The HTTP status. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }

  /** Whether it is the token that is missing, wrong, expired or for another compute (HTTP-24 to HTTP-30). */
  get unauthorized(): boolean {
    return this.status === 401 || this.status === 403 || (this.status === 400 && this.message === noTokenMessage);
  }
}

/** HTTP-24: a request without a token is answered with 400, as many bad requests are. */
const noTokenMessage = "invalid authorization token";

/** Nobody answered: no connection, or one that ended before the answer did. */
export class UnreachableError extends Error {
  constructor(url: URL, cause: unknown) {
    super(`no answer from ${url.origin}`, { cause });
    this.name = "UnreachableError";
  }
}

/** Something answered that is not this API. */
export class UnexpectedAnswerError extends Error {
  constructor(what: string, reason: string) {
    super(`${what} was answered with something else than the API's own document: ${reason}`);
    this.name = "UnexpectedAnswerError";
  }
}
