/** Bounds on what one client can ask of the servers. */
export const limits = {
  /** A body of `/configure` or `/promote`: room for a spec with very many roles (T-21). */
  specBytesMax: 32 * 1024 * 1024,
  /** Any other body (HTTP-20). */
  bodyBytesMax: 2_097_152,
  /** All headers together; HTTP-5 asks for one of 64 KiB. */
  headBytesMax: 256 * 1024,
  /** Above it: 431 (HTTP-5). */
  headersMax: 100,
} as const;

/** How long a server waits for a slow client before it answers 408. */
export interface Patience {
  /** From the first byte of a request to the end of its head. */
  readonly headMsMax: number;
  /** From the end of the head to the end of the body. */
  readonly bodyMsMax: number;
}

export const defaultPatience: Patience = { headMsMax: 60_000, bodyMsMax: 60_000 };
