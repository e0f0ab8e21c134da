/** Where the services' files and the host's tools are; all absolute. */
export interface HostPaths {
  /** On a VM, and elsewhere (SVC-11). */
  readonly pgbouncerIni: { readonly vm: string; readonly plain: string };
  /** The folder of pgbouncer's Unix socket on a VM. */
  readonly pgbouncerSockets: string;
  readonly pgbouncerPid: string;
  readonly localProxyConfig: string;
  readonly localProxyPid: string;
  readonly auditConf: string;
  readonly exportConf: string;
  /** Where rsyslogd keeps how far it has read the audit files. */
  readonly rsyslogState: string;
  /** Where rsyslogd may say which process it is, the likeliest first. */
  readonly rsyslogPids: readonly string[];
  readonly certificates: string;
  readonly sudo: string;
  readonly resizeSwap: string;
  readonly setDiskQuota: string;
}

/** The paths of chapter 04, below `root`, which is `/` but for images that keep these things elsewhere. */
export function hostPaths(root: string): HostPaths {
  const prefix = root.replace(/\/+$/, "");
  const at = (path: string): string => `${prefix}${path}`;
  return Object.freeze({
    pgbouncerIni: { vm: at("/etc/pgbouncer.ini"), plain: at("/var/db/postgres/pgbouncer/pgbouncer.ini") },
    pgbouncerSockets: at("/tmp"),
    pgbouncerPid: at("/tmp/pgbouncer.pid"),
    localProxyConfig: at("/etc/local_proxy/config.json"),
    localProxyPid: at("/etc/local_proxy/pid"),
    auditConf: at("/etc/rsyslog.d/compute_audit_rsyslog.conf"),
    exportConf: at("/etc/rsyslog.d/postgres_logs.conf"),
    rsyslogState: at("/var/log/rsyslog"),
    rsyslogPids: [at("/var/run/rsyslogd/rsyslogd.pid"), at("/run/rsyslogd.pid")],
    certificates: at("/etc/ssl/certs/ca-certificates.crt"),
    sudo: at("/usr/bin/sudo"),
    resizeSwap: at("/neonvm/bin/resize-swap"),
    setDiskQuota: at("/neonvm/bin/set-disk-quota"),
  });
}
