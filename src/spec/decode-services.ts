import { string } from "../base/decode-scalars.ts";
import { list, map, optional, required, titled } from "../base/decode-structures.ts";
import type { Decoder } from "../base/decoder.ts";
import type { DatabricksSettings, LocalProxyConfig, LocalProxyJwks, RemoteExtensions, TlsPaths } from "./types.ts";

/*
 * What services around Postgres need: extensions, local_proxy, TLS, lakebase (chapter 02 §4.3 to §4.5).
 */

export const tlsPaths: Decoder<TlsPaths> = titled("TlsPaths", {
  keyPath: required("key_path", string),
  certPath: required("cert_path", string),
});

const localProxyJwks: Decoder<LocalProxyJwks> = titled("LocalProxyJwks", {
  id: required("id", string),
  roleNames: required("role_names", list(string)),
  jwksUrl: required("jwks_url", string),
  providerName: required("provider_name", string),
  jwtAudience: optional("jwt_audience", string),
});

export const localProxyConfig: Decoder<LocalProxyConfig> = titled("LocalProxyConfig", {
  jwks: optional("jwks", list(localProxyJwks)),
  tls: optional("tls", tlsPaths),
});

const extensionFiles = titled("ExtensionFiles", {
  controlData: required("control_data", map(string, string)),
  archivePath: required("archive_path", string),
});

export const remoteExtensions: Decoder<RemoteExtensions> = titled("RemoteExtensions", {
  publicExtensions: optional("public_extensions", list(string)),
  customExtensions: optional("custom_extensions", list(string)),
  libraryIndex: required("library_index", map(string, string)),
  extensionData: required("extension_data", map(string, extensionFiles)),
});

export const databricksSettings: Decoder<DatabricksSettings> = titled("DatabricksSettings", {
  tls: required(
    "pg_compute_tls_settings",
    titled("DatabricksTls", {
      certFile: required("cert_file", string),
      keyFile: required("key_file", string),
      caFile: required("ca_file", string),
    }),
  ),
  pgHba: required("databricks_pg_hba", string),
  pgIdent: required("databricks_pg_ident", string),
  workspaceHost: required("databricks_workspace_host", string),
});
