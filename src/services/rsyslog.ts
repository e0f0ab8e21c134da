import type { AuditLogLevel, ComputeSpec } from "../spec/types.ts";
import type { HostPaths } from "./host-paths.ts";
import { type HostPort, parseHostPort } from "./host-port.ts";
import { ServiceError } from "./service-error.ts";

/** Where audit records go. */
export interface AuditEndpoint extends HostPort {
  readonly tls: boolean;
}

/** What rsyslogd is to be told: the text of each of its two files, null where there is to be none. */
export interface RsyslogWish {
  readonly audit: string | null;
  readonly export: string | null;
}

/** The environment's two variables that say where audit records go (SVC-30). */
export interface AuditVariables {
  readonly endpoint: string;
  readonly tlsEndpoint: string;
}

/** Whether a level writes audit records to files of their own, which have to be shipped (CONF-22). */
export function shipsAudit(level: AuditLogLevel): boolean {
  return level === "extended" || level === "full";
}

/**
 * Where audit records go: the endpoint with TLS wins when both are set (SVC-30).
 * @throws ServiceError when there is none, or it cannot be used (SVC-T3)
 */
export function auditEndpoint({ endpoint, tlsEndpoint }: AuditVariables): AuditEndpoint {
  if (endpoint === "" && tlsEndpoint === "") {
    const hint = "the spec's audit_log_level asks for them to be shipped: set one to host:port";
    throw new ServiceError("rsyslog", `AUDIT_LOGGING_ENDPOINT and AUDIT_LOGGING_TLS_ENDPOINT are both empty; ${hint}`);
  }
  const tls = tlsEndpoint !== "";
  const parsed = parseHostPort(tls ? tlsEndpoint : endpoint);
  if (typeof parsed !== "string") return { ...parsed, tls };
  throw new ServiceError(
    "rsyslog",
    `${tls ? "AUDIT_LOGGING_TLS_ENDPOINT" : "AUDIT_LOGGING_ENDPOINT"} cannot be used: ${parsed}`,
  );
}

/**
 * Where Postgres's log goes besides, null for nowhere (SVC-40); an empty text counts as none (SVC-T4).
 * @throws ServiceError when it cannot be used
 */
export function exportTarget(logsExportHost: string | null): HostPort | null {
  if (logsExportHost === null || logsExportHost === "") return null;
  const parsed = parseHostPort(logsExportHost);
  if (typeof parsed !== "string") return parsed;
  throw new ServiceError(
    "rsyslog",
    `spec.logs_export_host ${JSON.stringify(logsExportHost)} cannot be used: ${parsed}`,
  );
}

/**
 * What a spec wants of rsyslogd.
 * @throws ServiceError when an address is missing or cannot be used
 */
export function rsyslogWish(
  spec: ComputeSpec,
  facts: { readonly variables: AuditVariables; readonly paths: HostPaths; readonly pgdata: string },
): RsyslogWish {
  const target = exportTarget(spec.logsExportHost);
  const audit = shipsAudit(spec.auditLogLevel)
    ? renderAuditConf({
        endpoint: auditEndpoint(facts.variables),
        paths: facts.paths,
        pgdata: facts.pgdata,
        endpointId: spec.endpointId ?? "",
        projectId: spec.projectId ?? "",
      })
    : null;
  return { audit, export: target === null ? null : renderExportConf(target) };
}

const generated = "# Written by compute_ctl; changes made here are lost.";
/** A record of Postgres's log starts with its time, in GMT. Each digit by itself, as rsyslogd has the regex of POSIX. */
const recordStart = "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} GMT,";

/** The text of the file that has rsyslogd ship the audit records (SVC-32). */
export function renderAuditConf(facts: {
  readonly endpoint: AuditEndpoint;
  readonly paths: Pick<HostPaths, "certificates" | "rsyslogState">;
  readonly pgdata: string;
  readonly endpointId: string;
  readonly projectId: string;
}): string {
  const { endpoint, paths, pgdata, endpointId, projectId } = facts;
  const members = `{"endpoint_id":${JSON.stringify(endpointId)},"project_id":${JSON.stringify(projectId)},`;
  return `${generated}
module(load="imfile")
global(
  workDirectory=${quote(paths.rsyslogState)}
  defaultNetStreamDriverCAFile=${quote(paths.certificates)}
)
# What was read is on record after each batch, so that a restart loses nothing; the last record of a file waits for no next one.
input(
  type="imfile"
  file=${quote(`${pgdata}/log/*.log`)}
  tag="pgaudit_log"
  severity="info"
  facility="local5"
  startmsg.regex=${quote(recordStart)}
  readTimeout="5"
  persistStateAfterSubmission="on"
)
template(name="compute_audit" type="list") {
  constant(value="<")
  property(name="pri")
  constant(value=">1 ")
  property(name="timereported" dateFormat="rfc3339")
  constant(value=" ")
  property(name="hostname")
  constant(value=${quoteConstant(` - - - - ${members}`)})
  property(outname="msg" name="msg" format="jsonf")
  constant(value="}")
}
if $syslogtag == "pgaudit_log" then {
  action(
    type="omfwd"
    protocol="tcp"
    target=${quote(endpoint.host)}
    port="${endpoint.port}"
    template="compute_audit"
    queue.type="LinkedList"
    queue.size="1000"
    action.resumeRetryCount="10"
${endpoint.tls ? tlsLines(endpoint.host) : ""}  )
  stop
}
`;
}

function tlsLines(host: string): string {
  return `    StreamDriver="gtls"
    StreamDriverMode="1"
    StreamDriverAuthMode="x509/name"
    StreamDriverPermittedPeers=${quote(host)}
    StreamDriver.CheckExtendedKeyPurpose="on"
    StreamDriver.PermitExpiredCerts="off"
`;
}

/** The text of the file that has rsyslogd pass Postgres's log on (SVC-41). */
export function renderExportConf({ host, port }: HostPort): string {
  return `${generated}
if $programname == "postgres" then {
  action(
    type="omfwd"
    protocol="tcp"
    target=${quote(host)}
    port="${port}"
    template="RSYSLOG_SyslogProtocol23Format"
    queue.type="LinkedList"
    queue.size="1000"
    action.resumeRetryCount="3"
  )
  stop
}
`;
}

/** A string of rsyslogd's language (SVC-T5). Line breaks could end a line of it, and come as escapes. */
function quote(text: string): string {
  return `"${escaped(text)}"`;
}

/** A constant of a template, whose escapes rsyslogd takes away twice. */
function quoteConstant(text: string): string {
  return `"${escaped(escaped(text))}"`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}
