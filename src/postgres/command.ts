/** A child to be: what to execute, with which arguments, in which environment. */
export interface PostgresCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What {@link postgresCommand} needs to know. */
export interface CommandFacts {
  readonly pgbin: string;
  readonly pgdata: string;
  /** On a VM, the memory group that Postgres goes into and that the VM's monitor watches (LIFE-61); else null. */
  readonly memoryCgroup: string | null;
  /** This program's own environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The token with which Postgres reaches the storage. */
  readonly storageAuthToken: string | null;
  /** The home folder of the user Postgres runs as; null when it is this program's own user. */
  readonly home: string | null;
  /** Set in lakebase mode. */
  readonly databricks: { readonly endpointId: string; readonly workspaceHost: string } | null;
}

/** Secrets of this program that are none of Postgres's business (LIFE-62). */
const withheld: ReadonlySet<string> = new Set([
  "NEON_CONTROL_PLANE_TOKEN",
  "PGBOUNCER_PASSWORD",
  "OTEL_EXPORTER_OTLP_HEADERS",
]);

/** Allows core files of any size if that is permitted (CLI-7), then becomes the program in its arguments, with the same pid. */
const unlimitedCore = 'ulimit -c unlimited 2>/dev/null; exec "$@"';

/** How the server is started: `postgres -D PGDATA` (LIFE-60), in its memory group on a VM compute. */
export function postgresCommand(facts: CommandFacts): PostgresCommand {
  const { pgbin, pgdata, memoryCgroup } = facts;
  const group = memoryCgroup === null ? [] : ["cgexec", "-g", `memory:${memoryCgroup}`];
  return {
    command: "/bin/sh",
    args: ["-c", unlimitedCore, "sh", ...group, pgbin, "-D", pgdata],
    env: postgresEnvironment(facts),
  };
}

/** What a child inherits: the environment without this program's secrets (LIFE-62), at home with the user it runs as. */
export function childEnvironment({
  environment,
  home,
}: Pick<CommandFacts, "environment" | "home">): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !withheld.has(name)) env[name] = value;
  }
  if (home !== null) env["HOME"] = home;
  return env;
}

function postgresEnvironment(facts: CommandFacts): Record<string, string> {
  const { storageAuthToken, databricks } = facts;
  const env = childEnvironment(facts);
  if (storageAuthToken !== null) env["NEON_AUTH_TOKEN"] = storageAuthToken;
  if (databricks !== null) {
    env["DATABRICKS_ENDPOINT_ID"] = databricks.endpointId;
    env["DATABRICKS_WORKSPACE_HOST"] = databricks.workspaceHost;
  }
  return env;
}
