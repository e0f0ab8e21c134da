import type { LocalProxyConfig, TlsPaths } from "../spec/types.ts";

/**
 * The text of local_proxy's config file (SVC-20): JSON, indented by two blanks, no newline at its end. A `tls` in the spec counts
 * for nothing: it is that of the process, when TLS is active.
 */
export function renderLocalProxyConfig({ jwks }: LocalProxyConfig, tls: TlsPaths | null): string {
  const providers = jwks?.map(({ id, roleNames, jwksUrl, providerName, jwtAudience }) => ({
    id,
    role_names: roleNames,
    jwks_url: jwksUrl,
    provider_name: providerName,
    jwt_audience: jwtAudience,
  }));
  const document = {
    ...(providers === undefined ? {} : { jwks: providers }),
    ...(tls === null ? {} : { tls: { key_path: tls.keyPath, cert_path: tls.certPath } }),
  };
  return JSON.stringify(document, null, 2);
}
