import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { activeTls } from "./active-tls.ts";
import { lineInFile } from "./line-in-file.ts";
import { type ConfInput, renderPostgresqlConf } from "./postgresql-conf.ts";
import { derivedFrom, sampleSpec, setting } from "./sample-spec.ts";

const fixtures = new URL("../../test/fixtures/postgresql-conf/", import.meta.url);

interface Params {
  readonly privileged_role_name: string;
  readonly internal_http_port: number;
  readonly lakebase_mode: boolean;
  readonly connstr: string;
  readonly tls: { readonly key_path: string; readonly cert_path: string } | null;
  readonly overcommit_memory: string | null;
  readonly platform: "linux" | "darwin";
}

// CONF-T5: these fixtures show an original that loses libraries; here all that were asked for are loaded.
const betterLines: Readonly<Record<string, readonly [string, string]>> = {
  "audit-substring-trap": [
    "shared_preload_libraries='neon,pgauditlogtofile'\n",
    "shared_preload_libraries='neon,pgaudit,pgauditlogtofile'\n",
  ],
  "audit-base-no-libs": [
    "shared_preload_libraries='neon,pgaudit'\n",
    "shared_preload_libraries='neon,pg_cron,pgaudit'\n",
  ],
};

function fixture(name: string, file: string): string {
  return readFileSync(new URL(`${name}/${file}`, fixtures), "utf8");
}

function expectedOf(name: string): string {
  const text = fixture(name, "expected.conf");
  const [original, better] = betterLines[name] ?? ["", ""];
  assert.ok(text.includes(original));
  return text.replace(original, better);
}

function inputOf(name: string): ConfInput {
  const params: Params = JSON.parse(fixture(name, "params.json"));
  const spec = derivedFrom(fixture(name, "spec.json"));
  const tls = params.tls === null ? null : { keyPath: params.tls.key_path, certPath: params.tls.cert_path };
  return {
    spec,
    privilegedRoleName: params.privileged_role_name,
    internalHttpPort: params.internal_http_port,
    tls: activeTls(spec.spec, tls),
    lakebase: params.lakebase_mode ? { port: Number(new URL(params.connstr).port) } : null,
    overcommitMemory: params.overcommit_memory,
    platform: params.platform,
  };
}

function significant(text: string): readonly string[] {
  return text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
}

const cases = readdirSync(fixtures).filter((name) => name !== "README.md");

test("there are fixtures", () => assert.equal(cases.length, 23));

for (const name of cases) {
  test(`CONF-10: fixture ${name}`, () => {
    const { text } = renderPostgresqlConf(inputOf(name));
    assert.deepEqual(significant(text), significant(expectedOf(name)));
    assert.equal(text, expectedOf(name));
  });
}

test("CONF-43: the file after a start that dropped subscriptions", () => {
  const { text } = renderPostgresqlConf(inputOf("drop-subscriptions"));
  const after = lineInFile(text, "neon.disable_logical_replication_subscribers=false");
  assert.equal(after.text, fixture("drop-subscriptions", "expected-after-start.conf"));
});

/** The file of a small primary. */
function render(change: Partial<ConfInput> = {}, ...spec: Parameters<typeof sampleSpec>) {
  return renderPostgresqlConf({
    spec: sampleSpec(...spec),
    privilegedRoleName: "neon_superuser",
    internalHttpPort: 3081,
    tls: null,
    lakebase: null,
    overcommitMemory: null,
    platform: "linux",
    ...change,
  });
}

test("CONF-T9: once subscriptions are dropped they are on, whatever the spec goes on asking for", () => {
  const line = (disableSubscribers?: boolean) =>
    /subscribers=(\w+)/.exec(
      render(disableSubscribers === undefined ? {} : { disableSubscribers }, { dropSubscriptionsBeforeStart: true })
        .text,
    )?.[1];
  assert.equal(line(), "true");
  assert.equal(line(false), "false");
});

test("CONF-T2, CONF-T4: the settings' warnings come with the text", () => {
  const settings = [setting("work_mem", null), setting("hot_standby", "off"), setting("lc_messages", "C")];
  const { text, warnings } = render({}, { mode: { kind: "replica" } }, { settings });
  assert.equal(text.includes("work_mem"), false);
  assert.deepEqual(
    warnings.map((warning) => /work_mem|hot_standby|lc_messages/.exec(warning)?.[0]),
    ["work_mem", "hot_standby"],
    "a locale of one's own is nothing to warn of",
  );
});

test("CONF-10 row 3c: the legacy stripe size comes before the legacy connection string", () => {
  const { text } = render({}, { shardStripeSize: 2048, pageserverConnstring: "a,b" });
  assert.match(text, /\nneon\.stripe_size=2048\n#.*\nneon\.pageserver_connstring='a,b'\n/);
});

test("CONF-10 row 17: an empty host for logs exports none", () => {
  assert.equal(render({}, { logsExportHost: "" }).text.includes("syslog"), false);
  assert.equal(render({}, { logsExportHost: "h:1" }).text.includes("\nlog_destination='stderr,syslog'\n"), true);
});

test("CONF-10 rows 7 and 11: macOS has another locale, and no overcommit to look at", () => {
  const { text } = render({ platform: "darwin", overcommitMemory: "2" });
  assert.equal(text.includes("\nlc_time='C'\n"), true);
  assert.equal(text.includes("mmap"), false);
});

test("CONF-18, CONF-T18: the strings of a lakebase deployment cannot end their quotes", () => {
  const tls = { certFile: "", keyFile: "", caFile: "/it's" };
  const databricksSettings = { tls, pgHba: "", pgIdent: "", workspaceHost: "h" };
  assert.equal(
    render({ lakebase: { port: 1 } }, { databricksSettings }).text.includes("ssl_ca_file = '/it''s'\n"),
    true,
  );
  assert.equal(render({}, { databricksSettings }).text.includes("ssl_ca_file"), false, "only in lakebase mode");
});
