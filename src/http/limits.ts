/** Bounds on what one client can ask of the servers. */
export const limits = {
  /** A body of `/configure`: room for a spec with very many roles (T-21). */
  configureBytesMax: 32 * 1024 * 1024,
  /** From the end of the head to the end of the body; a slower client gets a 408. */
  bodyMsMax: 60_000,
  /** From the first byte of a request to the end of its head; a slower client gets a 408. */
  headMsMax: 60_000,
  /** All headers together; HTTP-5 asks for one of 64 KiB. */
  headBytesMax: 256 * 1024,
  /** Above it: 431 (HTTP-5). */
  headersMax: 100,
} as const;
