import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parseHostPort } from "./host-port.ts";
import { auditEndpoint, exportTarget } from "./rsyslog.ts";

const vectors = JSON.parse(readFileSync(new URL("../../test/fixtures/quoting/vectors.json", import.meta.url), "utf8"));

interface AuditVector {
  readonly plain: string;
  readonly tls: string;
  readonly output: { readonly host: string; readonly port: number; readonly tls: string } | null;
}

interface ExportVector {
  readonly input: string;
  readonly output: { readonly target: string; readonly port: string } | null;
}

describe("the vectors of audit endpoints", () => {
  const rows: readonly AuditVector[] = vectors.audit_endpoint;
  // SVC-T3: the original takes the default port of a URL for no port.
  const better = new Map([["otel.reef.test:80", { host: "otel.reef.test", port: 80, tls: "false" }]]);

  for (const { plain, tls, output } of rows) {
    const expected = better.get(plain) ?? output;
    const outcome = expected === null ? "refused" : `${expected.host} port ${expected.port}`;
    it(`SVC-30: '${plain}' with TLS '${tls}' is ${outcome}`, () => {
      const read = () => auditEndpoint({ endpoint: plain, tlsEndpoint: tls });
      if (expected === null) assert.throws(read, { code: "SERVICE" });
      else assert.deepEqual(read(), { ...expected, tls: expected.tls === "true" });
    });
  }

  it("are there", () => {
    assert.ok(rows.length >= 20 && better.size === rows.filter(({ plain }) => better.has(plain)).length);
  });
});

describe("the vectors of log export hosts", () => {
  const rows: readonly ExportVector[] = vectors.logs_export_host;
  /** SVC-T4: what the original splits wrongly or takes as it comes. */
  const better = new Map<string, { readonly host: string; readonly port: number } | "none" | "refused">([
    ["", "none"],
    ["otel:1:2", "refused"],
    [":514", "refused"],
    ["[2001:db8::5]:514", { host: "2001:db8::5", port: 514 }],
  ]);

  for (const { input, output } of rows) {
    const asOriginal = output === null ? "refused" : { host: output.target, port: Number(output.port) };
    const expected = better.get(input) ?? asOriginal;
    it(`SVC-40, SVC-T4: '${input}' is ${typeof expected === "string" ? expected : expected.host}`, () => {
      if (expected === "refused") assert.throws(() => exportTarget(input), /spec\.logs_export_host .* cannot be used/);
      else assert.deepEqual(exportTarget(input), expected === "none" ? null : expected);
    });
  }

  it("null is none", () => {
    assert.equal(exportTarget(null), null);
  });
});

describe("auditEndpoint", () => {
  it("SVC-30: needs one of the two, and says which field asks for it", () => {
    assert.throws(
      () => auditEndpoint({ endpoint: "", tlsEndpoint: "" }),
      /^ServiceError: AUDIT_LOGGING_ENDPOINT and AUDIT_LOGGING_TLS_ENDPOINT are both empty; .*audit_log_level/,
    );
  });

  it("SVC-T3: a bad address is a clear error that names its variable", () => {
    assert.throws(
      () => auditEndpoint({ endpoint: "a:1", tlsEndpoint: "otel" }),
      /AUDIT_LOGGING_TLS_ENDPOINT cannot be used: it has no port/,
    );
  });
});

describe("parseHostPort", () => {
  it("refuses what only looks like an address", () => {
    for (const text of [
      "[]:1",
      "[x]:1",
      "[1.2.3.4]:1",
      "1.2.3:1",
      "1.2.3.456:1",
      "a.7:1",
      "a:0",
      "a:00000080",
      "2001:db8::5:514",
    ]) {
      assert.equal(typeof parseHostPort(text), "string", text);
    }
    assert.equal(typeof parseHostPort(`${"a".repeat(64)}:1`), "string");
    assert.equal(typeof parseHostPort(`${"a.".repeat(127)}a:1`), "string");
  });
});
