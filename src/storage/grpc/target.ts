import { formatHostPort, type HostPort } from "../connection-target.ts";
import { ConnectionTargetError } from "../errors.ts";

/** Where a gRPC server is. */
export interface GrpcTarget extends HostPort {
  readonly tls: boolean;
}

/** BASE-60. The original takes 80, where no pageserver listens (Trap 22). */
const defaultPort = 51_051;

/**
 * Reads the gRPC address of a pageserver: `grpc://host[:port]`, in clear as `http://` is, or `grpcs://` or `https://` for TLS.
 * A user is ignored, as the chapter's `no_user@` is (BASE-60).
 * @throws ConnectionTargetError that names what is wrong, never the address
 */
export function parseGrpcTarget(text: string): GrpcTarget {
  const match = /^(?<scheme>grpcs?|https?):\/\/(?:[^@/?#]*@)?(?<place>[^/?#]*)\/?$/i.exec(text.trim());
  const { scheme, place } = match?.groups ?? {};
  if (scheme === undefined || place === undefined) {
    throw new ConnectionTargetError("grpc_url is not of the form grpc://host:port, or grpcs://host:port for TLS");
  }
  const parts = /^(?:\[(?<address>[0-9a-f:.]+)\]|(?<name>[^:[\]\s]+))(?::(?<port>\d{1,5}))?$/i.exec(place)?.groups;
  const host = parts?.["address"] ?? parts?.["name"];
  if (host === undefined) throw new ConnectionTargetError("grpc_url has no proper host");
  const port = parts?.["port"] === undefined ? defaultPort : Number(parts["port"]);
  if (port < 1 || port > 65_535) throw new ConnectionTargetError(`port ${port} of grpc_url is out of range`);
  return { host, port, tls: /^(?:grpcs|https)$/i.test(scheme) };
}

/** What HTTP/2 calls the server's authority; the user is no part of it. */
export function authorityOf(target: GrpcTarget): string {
  return formatHostPort(target);
}
