/**
 * What each object and member of a config is for, as the published schema and editors tell it; by the object's name, or its
 * name and the member's. A test sees to it that none is missing or left over. Not loaded by a start.
 */
export const fieldDescriptions: ReadonlyMap<string, string> = new Map(
  Object.entries({
    Config: "A spec, and what belongs to the process rather than to the spec.",
    "Config.spec": "What the compute is to become. Without one it starts empty and waits for a POST /configure.",
    "Config.compute_ctl_config":
      "Keys and certificates of the process itself; those of the first config stay in force.",

    ComputeCtlConfig: "What belongs to the process.",
    "ComputeCtlConfig.jwks": "The keys that the tokens of API requests are checked with.",
    "ComputeCtlConfig.tls":
      "Key and certificate for Postgres, pgbouncer and local_proxy; used when the spec has the feature tls_experimental.",
    Jwks: "A JSON Web Key Set (RFC 7517).",
    "Jwks.keys": "May be empty: then every request that needs a token is refused with 401.",
    TlsPaths:
      "A private key and its certificate, PEM. Both files are watched; a renewed pair is taken over without a restart.",
    "TlsPaths.key_path": "The unencrypted private key.",
    "TlsPaths.cert_path": "The certificate chain, the server's own first.",
    ...jwk("EC", { crv: "The curve.", x: "Base64url of the point's x.", y: "Base64url of the point's y." }),
    ...jwk("RSA", { n: "Base64url of the modulus.", e: "Base64url of the exponent." }),
    ...jwk("OCT", { k: "Base64url of the shared secret." }),
    ...jwk("OKP", { crv: "The curve, such as Ed25519.", x: "Base64url of the public key." }),

    ComputeSpec: "The wanted state of one compute.",
    "ComputeSpec.format_version": "Any number; not looked at.",
    "ComputeSpec.operation_uuid": "The id of the control plane's operation, for logs.",
    "ComputeSpec.features":
      "Features to switch on: tls_experimental, activity_monitor_experimental. Others are ignored.",
    "ComputeSpec.swap_size_bytes": "Size of the swap, with --resize-swap-on-bind; at start only.",
    "ComputeSpec.disk_quota_bytes": "Disk quota, 0 for none, with --set-disk-quota-for-fs; at start only.",
    "ComputeSpec.disable_lfc_resizing": "Keeps the VM monitor from resizing the local file cache.",
    "ComputeSpec.cluster": "Roles, databases and settings of Postgres.",
    "ComputeSpec.delta_operations": "Removals and renames of roles and databases; nothing is removed without one.",
    "ComputeSpec.skip_pg_catalog_updates": "Leaves roles, databases and the rest of the catalog alone.",
    "ComputeSpec.tenant_id": "The tenant, 32 hex digits; else the setting neon.tenant_id. Fixed once the compute runs.",
    "ComputeSpec.timeline_id":
      "The timeline, 32 hex digits; else the setting neon.timeline_id. Fixed once the compute runs.",
    "ComputeSpec.pageserver_connection_info": "Where the tenant's pages are; the preferred form.",
    "ComputeSpec.pageserver_connstring":
      "The older form of pageserver_connection_info: connection strings, one per shard, with commas between them.",
    "ComputeSpec.shard_stripe_size": "Belongs to pageserver_connstring: pages of 8 KiB per stripe.",
    "ComputeSpec.project_id": "The control plane's name for the tenant.",
    "ComputeSpec.branch_id": "The control plane's name for the timeline.",
    "ComputeSpec.endpoint_id": "The control plane's name for the compute; part of the key of the saved cache state.",
    "ComputeSpec.safekeepers_generation": "The generation of the safekeepers' membership.",
    "ComputeSpec.safekeeper_connstrings": "The safekeepers, each as host:port. A primary needs at least one.",
    "ComputeSpec.mode": "Read-write, following the tip, or read-only at one LSN. Fixed once the compute runs.",
    "ComputeSpec.storage_auth_token": "The token for pageservers and safekeepers. A secret.",
    "ComputeSpec.remote_extensions": "Extensions that may be fetched on demand.",
    "ComputeSpec.pgbouncer_settings": "Settings for the [pgbouncer] section of its ini file.",
    "ComputeSpec.local_proxy_config": "The configuration of local_proxy.",
    "ComputeSpec.reconfigure_concurrency": "In how many databases at once a reconfiguration works.",
    "ComputeSpec.drop_subscriptions_before_start":
      "Drops the logical replication subscriptions that a branch inherited, once per timeline, before any of them runs.",
    "ComputeSpec.audit_log_level": "What pgaudit records. Log is an old name of Base, Hipaa of Extended.",
    "ComputeSpec.logs_export_host": "host:port of a syslog collector for Postgres's log.",
    "ComputeSpec.endpoint_storage_addr": "host:port of the store for the state of the local file cache.",
    "ComputeSpec.endpoint_storage_token": "The bearer token for that store. A secret.",
    "ComputeSpec.autoprewarm": "Fills the local file cache from its saved state after the start.",
    "ComputeSpec.offload_lfc_interval_seconds": "How often the state of the local file cache is saved.",
    "ComputeSpec.databricks_settings": "Certificates and access files of a lakebase deployment.",
    "ComputeSpec.suspend_timeout_seconds":
      "After how much idle time the control plane suspends the compute: 0 for its default, -1 for never. Here it only sets how often extensions are counted.",

    Cluster: "Roles, databases and settings of Postgres.",
    "Cluster.cluster_id": "For logs.",
    "Cluster.name": "For logs.",
    "Cluster.state": "For logs.",
    "Cluster.roles": "Roles that must exist. Those that are not listed stay as they are.",
    "Cluster.databases": "Databases that must exist. Those that are not listed stay as they are.",
    "Cluster.postgresql_conf": "Text for the top of postgresql.conf; what follows it there wins.",
    "Cluster.settings": "Settings of Postgres. They come after what this program writes itself, and win.",
    Role: "A role that must exist.",
    "Role.name": "Any Unicode of up to 63 bytes, taken as it is.",
    "Role.encrypted_password":
      "A verifier: SCRAM-SHA-256$…, or the 32 hex digits of an md5 one; null for none. A secret.",
    "Role.options": "More attributes of the role, such as CONNECTION LIMIT.",
    Database: "A database that must exist.",
    "Database.name": "Any Unicode of up to 63 bytes, taken as it is.",
    "Database.owner": "The role that owns it.",
    "Database.options": "More attributes of the database, such as TEMPLATE.",
    GenericOption: "A setting of Postgres, or an attribute of a role or database.",
    "GenericOption.name": "Its name.",
    "GenericOption.value": "Its value, as text also when it is a number or a boolean.",
    "GenericOption.vartype": "string for a value that has to be quoted; else bool, integer, real, enum.",
    DeltaOperation: "A removal or a rename.",
    "DeltaOperation.action": "delete_db, rename_db, delete_role or rename_role; others are ignored.",
    "DeltaOperation.name": "Of the role or database.",
    "DeltaOperation.new_name": "Renames need one.",

    PageserverConnectionInfo: "Where the pages of a tenant are.",
    "PageserverConnectionInfo.shard_count": "0 for a tenant without shards.",
    "PageserverConnectionInfo.stripe_size": "Pages of 8 KiB per stripe; null without shards.",
    "PageserverConnectionInfo.shards":
      "By four hex digits: two for the shard's number, two for the count. 0000 is the only key of a tenant without shards.",
    "PageserverConnectionInfo.prefer_protocol": "How pageservers are asked for base backups and leases.",
    Shard: "A part of a tenant.",
    "Shard.pageservers": "Those that serve it, the best first.",
    Pageserver: "A pageserver.",
    "Pageserver.id": "Its node id.",
    "Pageserver.libpq_url": "Its address for the libpq protocol, as postgresql://no_user@host:port.",
    "Pageserver.grpc_url": "Its address for gRPC, as grpc://no_user@host:port.",

    RemoteExtensions: "Extensions that may be fetched on demand.",
    "RemoteExtensions.public_extensions": "Names that every project may use.",
    "RemoteExtensions.custom_extensions": "Names that this project may use besides.",
    "RemoteExtensions.library_index": "Which extension a library belongs to.",
    "RemoteExtensions.extension_data": "What is known of each extension, by its name.",
    ExtensionFiles: "What is known of an extension.",
    "ExtensionFiles.control_data": "Its control files: name to text.",
    "ExtensionFiles.archive_path": "Not looked at: the path follows from the name, the version and the machine.",

    LocalProxyConfig: "The configuration of local_proxy.",
    "LocalProxyConfig.jwks": "Whose tokens it accepts.",
    "LocalProxyConfig.tls": "Replaced by the key and certificate of compute_ctl_config, or left out.",
    LocalProxyJwks: "An identity provider.",
    "LocalProxyJwks.id": "Its id.",
    "LocalProxyJwks.role_names": "The roles that its tokens may take.",
    "LocalProxyJwks.jwks_url": "Where its keys are.",
    "LocalProxyJwks.provider_name": "Its name.",
    "LocalProxyJwks.jwt_audience": "The audience that its tokens must have.",

    DatabricksSettings: "Certificates and access files of a lakebase deployment.",
    "DatabricksSettings.pg_compute_tls_settings": "Files for TLS, copied into the data directory.",
    "DatabricksSettings.databricks_pg_hba": "A file with more rules for pg_hba.conf.",
    "DatabricksSettings.databricks_pg_ident": "A file with more maps for pg_ident.conf.",
    "DatabricksSettings.databricks_workspace_host": "The host of the workspace, or an empty text.",
    DatabricksTls: "Absolute paths, PEM.",
    "DatabricksTls.cert_file": "The certificate.",
    "DatabricksTls.key_file": "Its private key.",
    "DatabricksTls.ca_file": "The authorities that clients' certificates must come from.",
  }),
);

function jwk(kind: string, material: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const members = {
    ...material,
    kty: "The type of key.",
    alg: "The algorithm; for tokens EdDSA or RS256.",
    kid: "The id by which tokens name the key.",
    use: "What for, such as sig.",
    key_ops: "What for, such as verify.",
    x5u: "Not looked at.",
    x5c: "Not looked at.",
    x5t: "Not looked at.",
    "x5t#S256": "Not looked at.",
  };
  return Object.fromEntries([
    [`Jwk${kind}`, "A public key of whoever signs the tokens."],
    ...Object.entries(members).map(([name, text]) => [`Jwk${kind}.${name}`, text]),
  ]);
}
