import { isIP } from "node:net";
import type { HbaMethod } from "../conf/access-files.ts";
import type { LogFormat } from "../logging/line-format.ts";
import { checkedRoleName, type GivenOptions, readArguments, text, UsageError } from "./arguments.ts";
import { type OptionName, optionRows, optionTable } from "./option-table.ts";

/** Where the config comes from (CLI-2, CLI-8); exactly one. */
export type ConfigSource =
  | { readonly kind: "config-file"; readonly path: string }
  | { readonly kind: "control-plane"; readonly uri: string }
  | { readonly kind: "spec-file"; readonly path: string }
  | { readonly kind: "inline-spec"; readonly text: string };

/** The command line, checked and with defaults filled in. */
export interface Options {
  readonly pgdata: string;
  readonly connstr: string;
  /** Null when the oldest spec options let it be derived from the spec. */
  readonly computeId: string | null;
  readonly pgbin: string;
  readonly source: ConfigSource;
  readonly externalHttpPort: number;
  readonly internalHttpPort: number;
  /** Null for all of the machine's addresses. */
  readonly httpListenAddr: string | null;
  /** Null for loopback only. */
  readonly internalListenAddr: string | null;
  readonly rotateJwks: boolean;
  /** How long a control plane that cannot answer is asked again (FIELD-3). */
  readonly controlPlaneTimeoutSeconds: number;
  readonly pgHbaMethod: HbaMethod;
  readonly holdConnections: boolean;
  /** No repairs of inputs, and the original's patience with the control plane (FIELD-1). */
  readonly strict: boolean;
  /** With exactly one slash at its end; null when extensions are not to be fetched. */
  readonly remoteExtBaseUrl: string | null;
  readonly prefetchExtensions: "preload" | "all";
  readonly extensionStatisticsSeconds: bigint;
  readonly syncSafekeepers: "native" | "postgres";
  /** How long a native sync may take. */
  readonly syncTimeoutSeconds: number;
  readonly basebackupCompression: "gzip" | "none";
  /** A file; null for the authorities that Node knows. */
  readonly storageCaFile: string | null;
  /** Null for never. */
  readonly driftCheckSeconds: number | null;
  readonly writePasswordsDirectly: boolean;
  readonly terminateLingerSeconds: number;
  readonly privilegedRoleName: string;
  readonly postgresUser: string;
  readonly lakebaseMode: boolean;
  readonly cgroup: string;
  readonly cgroupRoot: string;
  /** Null for the value of `connstr`. */
  readonly filecacheConnstr: string | null;
  /** Not checked: a vm-monitor that cannot listen is no reason not to start (trap 11 of chapter 07). */
  readonly vmMonitorAddr: string;
  /** Null for everybody. Not checked, for the same reason. */
  readonly vmMonitorAllow: string | null;
  /** How long a first start may take in lakebase mode. */
  readonly pgInitTimeoutSeconds: number;
  readonly logFormat: LogFormat;
  readonly resizeSwapOnBind: boolean;
  /** A mount point; null when the spec's quota is not to act. */
  readonly diskQuotaMount: string | null;
  /** An absolute path. */
  readonly hostRoot: string;
  /** Leave pgbouncer and local_proxy alone at the end. */
  readonly dev: boolean;
  /** Only check whether a start could begin. */
  readonly check: boolean;
}

/** Values of environment variables that stand in for options. */
export interface OptionDefaults {
  readonly pgbin: string | undefined;
  readonly logFormat: string | undefined;
  readonly strict: boolean;
}

/** What a command line asks for. */
export type Invocation =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "run"; readonly options: Options; readonly warnings: readonly string[] };

/**
 * Reads and checks a command line (chapter 01 §1). Options that are taken but have no effect are named in `warnings` when
 * given.
 * @param defaults what the environment says, which a flag beats
 * @throws UsageError for the first thing that is wrong
 */
export function readOptions(argv: readonly string[], defaults: OptionDefaults): Invocation {
  const given = readArguments(argv, optionTable);
  if (given.has("help")) return { kind: "help" };
  if (given.has("version")) return { kind: "version" };
  const source = configSource(given);
  const oldest = source.kind === "spec-file" || source.kind === "inline-spec";
  const options: Options = Object.freeze({
    pgdata: required(given, "pgdata"),
    connstr: required(given, "connstr"),
    computeId: oldest ? (text(given, "compute-id") ?? null) : required(given, "compute-id"),
    pgbin: text(given, "pgbin") ?? defaults.pgbin ?? defaultOf("pgbin"),
    source,
    ...httpPorts(given),
    httpListenAddr: listenAddress(given, "http-listen-addr"),
    internalListenAddr: listenAddress(given, "internal-listen-addr"),
    rotateJwks: given.has("rotate-jwks"),
    controlPlaneTimeoutSeconds: Math.max(1, seconds(given, "control-plane-timeout")),
    holdConnections: given.has("hold-connections"),
    pgHbaMethod: oneOf(given, "pg-hba-method", ["md5", "scram-sha-256"]),
    strict: given.has("strict") || defaults.strict,
    remoteExtBaseUrl: remoteExtBaseUrl(given),
    prefetchExtensions: oneOf(given, "remote-ext-prefetch", ["preload", "all"]),
    extensionStatisticsSeconds: extensionStatisticsSeconds(given),
    syncSafekeepers: oneOf(given, "sync-safekeepers", ["native", "postgres"]),
    basebackupCompression: oneOf(given, "basebackup-compression", ["gzip", "none"]),
    storageCaFile: text(given, "storage-ca") ?? null,
    syncTimeoutSeconds: Math.max(1, seconds(given, "sync-timeout")),
    driftCheckSeconds: given.has("drift-check-interval") ? Math.max(1, seconds(given, "drift-check-interval")) : null,
    writePasswordsDirectly: given.has("write-passwords-directly"),
    terminateLingerSeconds: seconds(given, "terminate-linger"),
    privilegedRoleName: checkedRoleName(text(given, "privileged-role-name") ?? defaultOf("privileged-role-name")),
    postgresUser: text(given, "postgres-user") ?? defaultOf("postgres-user"),
    lakebaseMode: trueOrFalse(given, "lakebase-mode"),
    cgroup: text(given, "cgroup") ?? defaultOf("cgroup"),
    cgroupRoot: text(given, "cgroup-root") ?? defaultOf("cgroup-root"),
    filecacheConnstr: text(given, "filecache-connstr") ?? null,
    vmMonitorAddr: text(given, "vm-monitor-addr") ?? defaultOf("vm-monitor-addr"),
    vmMonitorAllow: text(given, "vm-monitor-allow") ?? null,
    pgInitTimeoutSeconds: seconds(given, "pg-init-timeout"),
    resizeSwapOnBind: given.has("resize-swap-on-bind"),
    diskQuotaMount: given.has("set-disk-quota-for-fs") ? required(given, "set-disk-quota-for-fs") : null,
    hostRoot: hostRoot(given),
    dev: given.has("dev"),
    check: given.has("check"),
    logFormat: chosen(text(given, "log-format") ?? defaults.logFormat ?? defaultOf("log-format"), "log-format", [
      "text",
      "json",
    ]),
  });
  return { kind: "run", options, warnings: warningsOf(given) };
}

function defaultOf(name: OptionName): string {
  return optionRows.get(name)?.default ?? "";
}

function required(given: GivenOptions, name: OptionName): string {
  const value = text(given, name);
  if (value === undefined)
    throw new UsageError(`the argument '--${name} <${optionRows.get(name)?.value}>' is required`);
  if (value === "") throw new UsageError(`the argument '--${name}' must not be empty`);
  return value;
}

function configSource(given: GivenOptions): ConfigSource {
  const sources: readonly { readonly name: OptionName; readonly make: (value: string) => ConfigSource }[] = [
    { name: "config", make: (path) => ({ kind: "config-file", path }) },
    { name: "control-plane-uri", make: (uri) => ({ kind: "control-plane", uri }) },
    { name: "spec-path", make: (path) => ({ kind: "spec-file", path }) },
    { name: "spec", make: inlineSpec },
  ];
  const chosen = sources.filter(({ name }) => given.has(name));
  const [first, second] = chosen;
  if (first === undefined) {
    throw new UsageError(
      "one of --config, --control-plane-uri, --spec-path or --spec is required: where should the spec come from?",
    );
  }
  if (second !== undefined)
    throw new UsageError(`the argument '--${first.name}' cannot be used with '--${second.name}'`);
  return first.make(required(given, first.name));
}

function inlineSpec(json: string): ConfigSource {
  if (!json.trimStart().startsWith("{")) {
    throw new UsageError("--spec takes the JSON itself; to name a file with a spec use -S/--spec-path");
  }
  return { kind: "inline-spec", text: json };
}

function httpPorts(given: GivenOptions): { externalHttpPort: number; internalHttpPort: number } {
  if (given.has("http-port")) {
    const clash = (["external-http-port", "internal-http-port"] as const).find((name) => given.has(name));
    if (clash !== undefined) throw new UsageError(`the argument '--http-port' cannot be used with '--${clash}'`);
    const port = portNumber(given, "http-port");
    if (port > 65_534)
      throw new UsageError("--http-port must be at most 65534: the internal API listens on the port after it");
    return { externalHttpPort: port, internalHttpPort: port + 1 };
  }
  const externalHttpPort = portNumber(given, "external-http-port");
  const internalHttpPort = portNumber(given, "internal-http-port");
  if (externalHttpPort === internalHttpPort && externalHttpPort !== 0) {
    throw new UsageError(
      `--external-http-port and --internal-http-port are both ${externalHttpPort}; they must differ`,
    );
  }
  return { externalHttpPort, internalHttpPort };
}

function portNumber(given: GivenOptions, name: OptionName): number {
  const value = text(given, name) ?? defaultOf(name);
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) {
    throw new UsageError(`invalid value '${value}' for '--${name}': a port is a number from 0 to 65535`);
  }
  return Number(value);
}

function listenAddress(given: GivenOptions, name: OptionName): string | null {
  const address = text(given, name);
  if (address === undefined) return null;
  if (isIP(address) === 0) throw new UsageError(`invalid value '${address}' for '--${name}': it is an IP address`);
  return address;
}

function seconds(given: GivenOptions, name: OptionName): number {
  const value = text(given, name) ?? defaultOf(name);
  if (!/^\d{1,6}$/.test(value)) {
    throw new UsageError(`invalid value '${value}' for '--${name}': it is a number of seconds up to 999999`);
  }
  return Number(value);
}

function trueOrFalse(given: GivenOptions, name: OptionName): boolean {
  return oneOf(given, name, ["true", "false"]) === "true";
}

function oneOf<const T extends string>(given: GivenOptions, name: OptionName, choices: readonly [T, T]): T {
  const value = text(given, name) ?? defaultOf(name);
  return chosen(value, name, choices);
}

function chosen<const T extends string>(value: string, name: OptionName, choices: readonly [T, T]): T {
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) return choice;
  throw new UsageError(`invalid value '${value}' for '--${name}': it is '${choices[0]}' or '${choices[1]}'`);
}

/** CLI-4: an absolute URL without query parameters. */
function remoteExtBaseUrl(given: GivenOptions): string | null {
  const value = text(given, "remote-ext-base-url");
  if (value === undefined) return null;
  const url = URL.parse(`${value.replace(/\/+$/, "")}/`);
  if (url === null) throw new UsageError(`invalid value '${value}' for '--remote-ext-base-url': it is an absolute URL`);
  if (!["http:", "https:"].includes(url.protocol)) {
    throw new UsageError(`invalid value '${value}' for '--remote-ext-base-url': it is an http or https URL`);
  }
  if (url.search !== "") throw new UsageError("--remote-ext-base-url must not have query parameters");
  return url.href;
}

function hostRoot(given: GivenOptions): string {
  const path = text(given, "host-root") ?? defaultOf("host-root");
  if (!path.startsWith("/")) throw new UsageError(`invalid value '${path}' for '--host-root': it is an absolute path`);
  return path;
}

function extensionStatisticsSeconds(given: GivenOptions): bigint {
  const name = "installed-extensions-collection-interval";
  const value = text(given, name) ?? defaultOf(name);
  if (!/^\d{1,20}$/.test(value) || BigInt(value) >= 2n ** 64n) {
    throw new UsageError(`invalid value '${value}' for '--${name}': it is a number of seconds`);
  }
  return BigInt(value);
}

function warningsOf(given: GivenOptions): readonly string[] {
  if (!given.has("remote-ext-config")) return [];
  return ["--remote-ext-config is ignored: extensions are described in the spec"];
}
