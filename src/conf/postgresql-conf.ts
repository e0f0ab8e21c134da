import { formatLsn } from "../base/lsn.ts";
import { confValue } from "../base/quoting.ts";
import type { ComputeMode, DatabricksSettings, DerivedSpec, TlsPaths } from "../spec/types.ts";
import { auditLines } from "./audit-block.ts";
import { configuredLibraries } from "./preload-libraries.ts";
import { settingsBlock } from "./settings-block.ts";
import { storageLines } from "./storage-lines.ts";

/** The file that postgresql.conf includes at its end; what stands there wins (CONF-41). */
export const overrideFileName = "compute_ctl_temp_override.conf";

/** Everything that decides the text of postgresql.conf. */
export interface ConfInput {
  readonly spec: DerivedSpec;
  readonly privilegedRoleName: string;
  /** Where the neon extension asks for files of other extensions. */
  readonly internalHttpPort: number;
  /** The key and certificate in use, as {@link activeTls} tells; null for no TLS. */
  readonly tls: TlsPaths | null;
  /** In lakebase mode, the port on which Postgres listens. */
  readonly lakebase: { readonly port: number } | null;
  /** What `/proc/sys/vm/overcommit_memory` holds; null when it cannot be read. */
  readonly overcommitMemory: string | null;
  readonly platform: "linux" | "darwin";
  /** Whether subscriptions stay off; false once they are dropped (CONF-T9). By default what the spec asks for at start. */
  readonly disableSubscribers?: boolean;
}

/** The text of a postgresql.conf, and warnings that name settings but not their values. */
export interface ConfText {
  readonly text: string;
  readonly warnings: readonly string[];
}

/**
 * Renders postgresql.conf (CONF-10). Postgres lets the last assignment win, so the order is part of the contract.
 */
export function renderPostgresqlConf(input: ConfInput): ConfText {
  const { spec } = input.spec;
  const { cluster } = spec;
  const tls = input.tls === null ? [] : ["ssl = on", "ssl_cert_file = 'server.crt'", "ssl_key_file = 'server.key'"];
  const server = serverLines(input);
  // That a setting overrules the storage is told when the spec is derived; locales are there to be overruled.
  const settings = settingsBlock(cluster.settings, [...tls, ...server]);
  const lines = [
    ...(cluster.postgresqlConf === null ? [] : [cluster.postgresqlConf]),
    ...storageLines(spec),
    ...tls,
    ...localeLines(input.platform),
    ...server,
    ...settings.lines,
    ...auditLines(spec.auditLogLevel, configuredLibraries(cluster)),
    `neon.extension_server_port=${input.internalHttpPort}`,
    `neon.disable_logical_replication_subscribers=${input.disableSubscribers ?? spec.dropSubscriptionsBeforeStart}`,
    ...(spec.logsExportHost === null || spec.logsExportHost === "" ? [] : ["log_destination='stderr,syslog'"]),
    ...(input.lakebase === null ? [] : lakebaseLines(input.lakebase.port, spec.databricksSettings)),
    `include_if_exists = '${overrideFileName}'`,
  ];
  return { text: lines.map((line) => `${line}\n`).join(""), warnings: settings.warnings };
}

function localeLines(platform: ConfInput["platform"]): readonly string[] {
  const locale = platform === "darwin" ? "C" : "C.UTF-8";
  return ["lc_messages", "lc_monetary", "lc_time", "lc_numeric"].map((name) => `${name}='${locale}'`);
}

/** What kind of server this is (CONF-10 rows 8 to 12). */
function serverLines({ spec, overcommitMemory, platform, privilegedRoleName }: ConfInput): readonly string[] {
  // Without overcommit, large segments of shared memory must be files, which swap can back (CONF-64).
  const strictMemory = platform === "linux" && overcommitMemory?.trim() === "2";
  return [
    ...modeLines(spec.spec.mode),
    ...(strictMemory ? ["dynamic_shared_memory_type = mmap"] : []),
    `neon.privileged_role_name=${confValue(privilegedRoleName)}`,
  ];
}

function modeLines(mode: ComputeMode): readonly string[] {
  const kind = `neon.compute_mode=${mode.kind}`;
  switch (mode.kind) {
    case "primary":
      return [kind];
    case "static":
      return [kind, "hot_standby=on", `recovery_target_lsn='${formatLsn(mode.lsn)}'`];
    case "replica":
      return [kind, "hot_standby=on"];
  }
}

function lakebaseLines(port: number, databricks: DatabricksSettings | null): readonly string[] {
  const settings =
    databricks === null
      ? []
      : [
          `ssl_ca_file = ${confValue(databricks.tls.caFile)}`,
          `databricks.workspace_url = ${confValue(databricks.workspaceHost)}`,
          "databricks.enable_databricks_identity_login = true",
          "databricks.enable_sql_restrictions = true",
          "",
        ];
  return [`port = ${port}`, "# Databricks settings start", ...settings, "# Databricks settings end"];
}
