import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type CheckTarget, checkConfig } from "../../src/cli/check-config/check-config.ts";
import { renderReport } from "../../src/cli/check-config/render-report.ts";
import { reportAsJson } from "../../src/cli/check-config/report-as-json.ts";
import { locatePostgres } from "../../src/postgres/do/installation.ts";
import { decodePayload } from "../../src/spec/decode.ts";
import type { Config } from "../../src/spec/types.ts";
import { postgresForUser } from "../../src/standin/postgres-install.ts";
import { checkConfigExample, withExample } from "../support/check-config-example.ts";
import { majors } from "./temporary-postgres.ts";

const fixtures = new URL("../fixtures/", import.meta.url);
const cases = readdirSync(new URL("postgresql-conf/", fixtures)).filter((name) => name !== "README.md");
/** Each shows an original that loses a library (CONF-T5). */
const bettered = ["audit-substring-trap", "audit-base-no-libs"];
/** Libraries of an audit are a promise, which stock Postgres cannot keep. */
const compliance = ["audit-extended", "audit-full", "audit-hipaa-deprecated", "audit-substring-trap"];

const nowhere: CheckTarget = {
  privilegedRoleName: "neon_superuser",
  internalHttpPort: 3081,
  platform: "linux",
  connstrPort: null,
  lakebase: false,
  overcommitMemory: null,
  installation: null,
  osUser: null,
  environment: {},
};
const { signal } = new AbortController();

function read(path: string): string {
  return readFileSync(new URL(path, fixtures), "utf8");
}

function configFrom(text: string): Config {
  const decoded = decodePayload(text, { strict: true });
  assert.ok(decoded.ok);
  return decoded.value;
}

/** A case of postgresql-conf: its config, and the compute that it is for. */
function caseOf(name: string): { readonly config: Config; readonly target: CheckTarget } {
  const params = JSON.parse(read(`postgresql-conf/${name}/params.json`));
  const config = configFrom(read(`postgresql-conf/${name}/spec.json`));
  const tls = params.tls === null ? null : { keyPath: params.tls.key_path, certPath: params.tls.cert_path };
  return {
    config: { ...config, computeCtlConfig: { ...config.computeCtlConfig, tls } },
    target: {
      ...nowhere,
      privilegedRoleName: params.privileged_role_name,
      internalHttpPort: params.internal_http_port,
      platform: params.platform,
      connstrPort: Number(new URL(params.connstr).port),
      lakebase: params.lakebase_mode,
      overcommitMemory: params.overcommit_memory,
    },
  };
}

/** A bare spec with these settings and this text for the top of postgresql.conf. */
function specWith(settings: Readonly<Record<string, string>>, postgresqlConf: string | null = null): Config {
  const list = Object.entries(settings).map(([name, value]) => ({ name, value, vartype: "string" }));
  const spec = JSON.parse(read("minimal.config.json")).spec;
  return configFrom(
    JSON.stringify({ ...spec, cluster: { ...spec.cluster, settings: list, postgresql_conf: postgresqlConf } }),
  );
}

describe("check-config without Postgres", () => {
  for (const name of cases.filter((each) => !bettered.includes(each))) {
    it(`CONF-10, chapter 04 §14.12: prints the file of ${name} byte for byte`, async () => {
      const { config, target } = caseOf(name);
      const { conf, report } = await checkConfig(name, config, target, signal);
      assert.equal(conf, read(`postgresql-conf/${name}/expected.conf`));
      assert.equal(report.postgres, null);
    });
  }
});

for (const major of majors) {
  describe(`check-config with Postgres ${major}`, () => {
    let workdir: string;
    let target: CheckTarget;
    before(async () => {
      workdir = await mkdtemp(join(tmpdir(), "compute-ctl-check-"));
      const { bindir, runAs } = await postgresForUser({ major, workdir });
      const installation = await locatePostgres({ pgbin: join(bindir, "postgres"), path: undefined }, signal);
      target = { ...nowhere, installation, osUser: runAs };
    });
    after(() => rm(workdir, { recursive: true, force: true }));

    for (const name of cases.filter((each) => !compliance.includes(each))) {
      it(`CONF-16, chapter 04 §13: Postgres accepts the file of ${name}`, async () => {
        const { config, target: own } = caseOf(name);
        const { report } = await checkConfig(name, config, { ...own, ...asked(target) }, signal);
        assert.deepEqual(report.postgres?.rejected, []);
        assert.equal(report.good, true, JSON.stringify(report.problems));
        assert.ok(report.settings.every(({ postgres }) => postgres !== null));
      });
    }

    for (const name of compliance) {
      it(`CONF-23: ${name} is refused where its libraries are not installed`, async () => {
        const { config, target: own } = caseOf(name);
        const { report } = await checkConfig(name, config, { ...own, ...asked(target) }, signal);
        assert.match(report.problems[0]?.message ?? "", /needs .*pgauditlogtofile.*does not have/);
      });
    }

    it("chapter 04 §14.1: tells all that Postgres refuses at once, each with its line", async () => {
      const config = specWith({ work_mem: "abc", max_connections: "1x", unknown_one: "1" }, "port 5433\nfoo bar baz");
      const { report, conf } = await checkConfig("bad.json", config, target, signal);
      const lines = conf?.split("\n") ?? [];
      assert.equal(report.good, false);
      assert.deepEqual(
        report.postgres?.rejected.map(({ line, message }) => [lines[(line ?? 0) - 1], message]),
        [
          ["foo bar baz", 'syntax error near token "baz"'],
          ["work_mem = 'abc'", 'invalid value for parameter "work_mem": "abc"'],
          ["max_connections = '1x'", 'invalid value for parameter "max_connections": "1x"'],
          ["unknown_one = '1'", 'unrecognized configuration parameter "unknown_one"'],
        ],
      );
      assert.match(
        renderReport(report),
        /^bad\.json cannot be used\.\n\nWhat Postgres [\d.]+ does not accept:\n {2}- postgresql\.conf line 2: /,
      );
    });

    it("is not kept from telling by the settings themselves", async () => {
      const quiet = { log_min_messages: "panic", log_destination: "syslog", log_line_prefix: "LOG:  x ", port: "x" };
      const { report } = await checkConfig("quiet.json", specWith(quiet), target, signal);
      assert.deepEqual(
        report.postgres?.rejected.map(({ message }) => message),
        ['invalid value for parameter "port": "x"'],
      );
    });

    it("CONF-14, chapter 02 trap 6: says which line counts, and how Postgres reads it", async () => {
      const config = specWith({ work_mem: "4MB", Work_Mem: "8MB" }, "work_mem = 1MB");
      const { report } = await checkConfig("x", config, target, signal);
      const [setting] = report.settings.filter(({ name }) => name === "Work_Mem");
      assert.deepEqual([setting?.value, setting?.postgres, setting?.overrules.length], ["8MB", "8192", 2]);
      assert.ok(report.warnings.some((warning) => /work_mem 2 times/.test(warning)));
    });

    it("chapter 02 trap 17: shows no secret, neither in a value nor in what Postgres says of it", async () => {
      const secrets = { "my.token": "tok-geheim-1", primary_conninfo: "host=h password='pw geheim 2'" };
      const config = specWith({ ...secrets, work_mem: "postgresql://u:geheim3@h/" });
      const { report, conf } = await checkConfig("x", config, target, signal);
      assert.ok(conf?.includes("tok-geheim-1"));
      for (const output of [renderReport(report), JSON.stringify(reportAsJson(report))]) {
        assert.doesNotMatch(output, /geheim/);
        assert.match(output, /my\.token/);
      }
    });

    it("leaves nothing behind", async () => {
      const folders = async (): Promise<readonly string[]> =>
        (await readdir(tmpdir())).filter((name) => name.startsWith("compute-ctl-conf-"));
      const earlier = new Set(await folders());
      await checkConfig("x", specWith({ port: "x" }), target, signal);
      const [, ...more] = ["", ...(await folders())].filter((name) => !earlier.has(name));
      assert.deepEqual(more, []);
    });
  });
}

describe("docs/check-config.md", () => {
  it("shows what check-config says (node scripts/check-config-example.ts after a change)", async () => {
    const document = readFileSync(new URL("../../docs/check-config.md", import.meta.url), "utf8");
    assert.equal(document, withExample(document, await checkConfigExample()));
  });
});

function asked({ installation, osUser }: CheckTarget): Pick<CheckTarget, "installation" | "osUser"> {
  return { installation, osUser };
}
