import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hostPaths } from "./host-paths.ts";
import { renderAuditConf, renderExportConf, shipsAudit } from "./rsyslog.ts";

const facts = {
  endpoint: { host: "otel.reef.test", port: 514, tls: false },
  paths: hostPaths("/"),
  pgdata: "/pgdata",
  endpointId: "ep-1",
  projectId: "",
};

describe("renderAuditConf", () => {
  it("SVC-32: has rsyslogd do every part of the table", () => {
    const text = renderAuditConf(facts);
    for (const part of [
      /module\(load="imfile"\)/,
      /file="\/pgdata\/log\/\*\.log"/,
      /tag="pgaudit_log"/,
      /severity="info"/,
      /facility="local5"/,
      /startmsg\.regex="\^\[0-9\]\{4\}-.* GMT,"/,
      /workDirectory="\/var\/log\/rsyslog"/,
      /defaultNetStreamDriverCAFile="\/etc\/ssl\/certs\/ca-certificates\.crt"/,
      /if \$syslogtag == "pgaudit_log" then \{/,
      /type="omfwd"\n {4}protocol="tcp"\n {4}target="otel\.reef\.test"\n {4}port="514"/,
      /queue\.type="LinkedList"\n {4}queue\.size="1000"\n {4}action\.resumeRetryCount="10"/,
      /\n {2}stop\n\}/,
    ]) {
      assert.match(text, part);
    }
    assert.doesNotMatch(text, / StreamDriver/);
  });

  it("SVC-32: checks the peer's name, use and validity with TLS", () => {
    const text = renderAuditConf({ ...facts, endpoint: { ...facts.endpoint, tls: true } });
    for (const part of [
      'StreamDriver="gtls"',
      'StreamDriverMode="1"',
      'StreamDriverAuthMode="x509/name"',
      'StreamDriverPermittedPeers="otel.reef.test"',
      'StreamDriver.CheckExtendedKeyPurpose="on"',
      'StreamDriver.PermitExpiredCerts="off"',
    ]) {
      assert.ok(text.includes(`    ${part}\n`), part);
    }
  });

  it("SVC-T5: no id and no path gets out of its string", () => {
    const text = renderAuditConf({ ...facts, pgdata: '/a"b\\', endpointId: 'x")\nmodule(load="omprog")' });
    assert.match(text, /file="\/a\\"b\\\\\/log/);
    assert.doesNotMatch(text, /^module\(load="omprog/m);
  });
});

describe("renderExportConf", () => {
  it("SVC-41: passes on what postgres says, in RFC 5424, and stops", () => {
    const text = renderExportConf({ host: "2001:db8::5", port: 10514 });
    for (const part of [
      /if \$programname == "postgres" then \{/,
      /type="omfwd"\n {4}protocol="tcp"\n {4}target="2001:db8::5"\n {4}port="10514"/,
      /template="RSYSLOG_SyslogProtocol23Format"/,
      /queue\.type="LinkedList"\n {4}queue\.size="1000"\n {4}action\.resumeRetryCount="3"/,
      /\n {2}stop\n\}/,
    ]) {
      assert.match(text, part);
    }
  });
});

describe("shipsAudit", () => {
  it("SVC-30: is for the levels with files of their own", () => {
    assert.deepEqual((["disabled", "base", "extended", "full"] as const).map(shipsAudit), [false, false, true, true]);
  });
});
