import { hasFeature } from "../spec/features.ts";
import type { ComputeSpec, TlsPaths } from "../spec/types.ts";

/** The key and certificate to use: those of the process, when the spec switches TLS on (CONF-50). */
export function activeTls(spec: ComputeSpec, configured: TlsPaths | null): TlsPaths | null {
  return hasFeature(spec, "tls_experimental") ? configured : null;
}
