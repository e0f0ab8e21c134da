/** The peer sent bytes that are not the protocol, or we were asked to send what cannot be said in it. */
export class ProtocolError extends Error {
  readonly code = "PROTOCOL";
  constructor(message: string) {
    super(message);
    this.name = "ProtocolError";
  }
}
