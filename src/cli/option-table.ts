/** One command-line option. A row without `value` is a switch. */
export interface OptionRow {
  readonly name: string;
  readonly short?: string;
  /** How the value is called in the usage text. */
  readonly value?: string;
  /** The environment variable that stands in for the option when it is not given. */
  readonly env?: string;
  readonly default?: string;
  readonly group:
    | "Required"
    | "Where the spec comes from"
    | "Postgres"
    | "HTTP"
    | "Storage and extensions"
    | "Host"
    | "Other";
  readonly help: string;
}

/** Every option of the command line (CLI-1, CLI-8); `--help`, the parser and the docs follow from this table. */
export const optionTable = [
  {
    name: "pgdata",
    short: "D",
    value: "DIR",
    group: "Required",
    help: "PGDATA; removed and made anew on every start, its parent must exist",
  },
  {
    name: "connstr",
    short: "C",
    value: "URL",
    group: "Required",
    help: "how to reach the Postgres that is started, as postgresql://user@host:port/database",
  },
  {
    name: "compute-id",
    short: "i",
    value: "ID",
    group: "Required",
    help: "who this compute is, for the control plane and for token checks; optional with --spec and --spec-path",
  },
  {
    name: "config",
    short: "c",
    value: "FILE",
    group: "Where the spec comes from",
    help: 'a config file: {"spec": …, "compute_ctl_config": …}; without a spec the compute waits for /configure',
  },
  {
    name: "control-plane-uri",
    short: "p",
    value: "URL",
    group: "Where the spec comes from",
    help: "base URL of a control plane to fetch the config from",
  },
  {
    name: "spec-path",
    short: "S",
    value: "FILE",
    group: "Where the spec comes from",
    help: "a file with a bare spec or a config (oldest form)",
  },
  {
    name: "spec",
    short: "s",
    value: "JSON",
    group: "Where the spec comes from",
    help: "a bare spec or a config, given inline (oldest form)",
  },
  {
    name: "control-plane-timeout",
    value: "SECONDS",
    default: "300",
    group: "Where the spec comes from",
    help: "how long a control plane that is down, busy or answers nonsense is asked again, with growing pauses; /readyz says what is waited for meanwhile",
  },
  {
    name: "strict",
    env: "COMPUTE_CTL_STRICT",
    group: "Where the spec comes from",
    help: "refuse what the original refuses: no odd config, token or role option is taken for what its writer meant, and the control plane is asked three times only",
  },
  {
    name: "pgbin",
    short: "b",
    value: "PATH",
    env: "POSTGRES_PATH",
    default: "postgres",
    group: "Postgres",
    help: "the postgres binary; a bare name is looked up in PATH",
  },
  {
    name: "postgres-user",
    value: "NAME",
    default: "postgres",
    group: "Postgres",
    help: "the unprivileged user that owns PGDATA and runs Postgres when this program runs as root",
  },
  {
    name: "hold-connections",
    group: "Postgres",
    help: "let nobody but the connstr's user in until roles and databases are in place",
  },
  {
    name: "pg-hba-method",
    value: "md5|scram-sha-256",
    default: "md5",
    group: "Postgres",
    help: "how clients from other hosts prove who they are; md5 takes SCRAM passwords, too",
  },
  {
    name: "privileged-role-name",
    value: "ROLE",
    default: "neon_superuser",
    group: "Postgres",
    help: "the group role that customers' roles belong to; lower-case letters and underscores",
  },
  {
    name: "pg-init-timeout",
    value: "SECONDS",
    default: "60",
    group: "Postgres",
    help: "lakebase mode: exit when the compute is not running that long after its start began",
  },
  {
    name: "external-http-port",
    value: "PORT",
    default: "3080",
    group: "HTTP",
    help: "port of the API for the control plane and for scrapers",
  },
  {
    name: "internal-http-port",
    value: "PORT",
    default: "3081",
    group: "HTTP",
    help: "port of the API for processes on this machine",
  },
  {
    name: "http-port",
    value: "PORT",
    group: "HTTP",
    help: "sets both: the external port to PORT, the internal one to PORT + 1; excludes the two above",
  },
  {
    name: "http-listen-addr",
    value: "IP",
    group: "HTTP",
    help: "address that the external API listens on; all of the machine's when it is not given",
  },
  {
    name: "internal-listen-addr",
    value: "IP",
    group: "HTTP",
    help: "address that the internal API listens on; loopback only when it is not given. It asks for no token",
  },
  {
    name: "rotate-jwks",
    group: "HTTP",
    help: "let an accepted /configure replace the keys that tokens are checked with; without it they are fixed at start",
  },
  {
    name: "terminate-linger",
    value: "SECONDS",
    default: "30",
    group: "HTTP",
    help: "how long HTTP still answers after a failed start and after a fast termination",
  },
  {
    name: "drift-check-interval",
    value: "SECONDS",
    group: "Postgres",
    help: "compare the catalog with the spec this often, and tell by a log line and a metric; off when it is not given",
  },
  {
    name: "write-passwords-directly",
    group: "Postgres",
    help: "set passwords by one catalog write for many roles, many times faster than CREATE ROLE; only when the connstr's user is a superuser; server hooks, such as those of pgaudit, do not see them",
  },
  {
    name: "sync-safekeepers",
    value: "native|postgres",
    default: "native",
    group: "Storage and extensions",
    help: "who brings safekeepers that differ into agreement, at the start and at the end: this program itself, or Neon's build of Postgres (postgres --sync-safekeepers); also spelled --sync-safekeepers=native",
  },
  {
    name: "sync-timeout",
    value: "SECONDS",
    default: "60",
    group: "Storage and extensions",
    help: "native: give up when the safekeepers do not agree in that time, all tries together, with a line on each of them",
  },
  {
    name: "basebackup-compression",
    value: "gzip|none",
    default: "gzip",
    group: "Storage and extensions",
    help: "how base backups travel; none spares the pageserver and this machine work where the network is fast",
  },
  {
    name: "storage-ca",
    value: "FILE",
    group: "Storage and extensions",
    help: "PEM file with the authorities that certificates of pageservers and safekeepers are checked against; those that Node knows when it is not given",
  },
  {
    name: "remote-ext-base-url",
    short: "r",
    value: "URL",
    group: "Storage and extensions",
    help: "gateway of the extension store; without it no extension is ever downloaded",
  },
  {
    name: "remote-ext-prefetch",
    value: "preload|all",
    default: "preload",
    group: "Storage and extensions",
    help: "which extensions are downloaded before Postgres starts: those whose libraries it preloads, or all that the spec allows, because stock Postgres does not ask for the others",
  },
  {
    name: "remote-ext-config",
    value: "JSON",
    group: "Storage and extensions",
    help: "accepted from old callers and ignored; extensions are described in the spec",
  },
  {
    name: "installed-extensions-collection-interval",
    value: "SECONDS",
    default: "3600",
    group: "Storage and extensions",
    help: "base interval of the installed-extensions statistics",
  },
  {
    name: "resize-swap-on-bind",
    group: "Host",
    help: "let the spec's swap_size_bytes act",
  },
  {
    name: "set-disk-quota-for-fs",
    value: "MOUNT",
    group: "Host",
    help: "let the spec's disk_quota_bytes act, on this mount point",
  },
  {
    name: "host-root",
    value: "DIR",
    default: "/",
    group: "Host",
    help: "the folder below which the files of pgbouncer, local_proxy and rsyslog, and the VM's tools, are looked for",
  },
  {
    name: "cgroup",
    value: "NAME",
    default: "neon-postgres",
    group: "Host",
    help: "with AUTOSCALING: the cgroup that Postgres goes into and the vm-monitor watches",
  },
  {
    name: "cgroup-root",
    value: "DIR",
    default: "/sys/fs/cgroup",
    group: "Host",
    help: "with AUTOSCALING: where cgroup v2 is mounted",
  },
  {
    name: "filecache-connstr",
    value: "CONNSTR",
    group: "Host",
    help: "with AUTOSCALING: how the vm-monitor reaches the Postgres whose file cache it sizes, as key=value pairs or a URL; as --connstr says when it is not given",
  },
  {
    name: "vm-monitor-addr",
    value: "IP:PORT",
    default: "0.0.0.0:10301",
    group: "Host",
    help: "with AUTOSCALING: where the vm-monitor listens for the autoscaler-agent, which is not asked who it is",
  },
  {
    name: "vm-monitor-allow",
    value: "NETWORKS",
    group: "Host",
    help: "with AUTOSCALING: who may connect to the vm-monitor, as addresses and networks separated by commas; everybody when it is not given",
  },
  {
    name: "lakebase-mode",
    value: "true|false",
    default: "false",
    group: "Other",
    help: "the lakebase flavour of a deployment",
  },
  {
    name: "dev",
    group: "Other",
    help: "leave pgbouncer and local_proxy alone when the compute ends",
  },
  {
    name: "check",
    group: "Other",
    help: "check the command line, the config, Postgres and the HTTP ports, say what is wrong, and exit without touching PGDATA",
  },
  {
    name: "log-format",
    value: "text|json",
    env: "COMPUTE_CTL_LOG_FORMAT",
    default: "text",
    group: "Other",
    help: "the form of log lines: the original's text, or one JSON object per line",
  },
  { name: "help", short: "h", group: "Other", help: "print this text and exit" },
  { name: "version", short: "V", group: "Other", help: "print the version and exit" },
] as const satisfies readonly OptionRow[];

/** The long names of all options. */
export type OptionName = (typeof optionTable)[number]["name"];

/** The table, by long name. */
export const optionRows: ReadonlyMap<string, OptionRow> = new Map(optionTable.map((row) => [row.name, row]));
