import { readFileSync } from "node:fs";
import { parseTenantId, parseTimelineId } from "../../src/base/ids.ts";
import { decodeUtf8, JsonSyntaxError, parseJson } from "../../src/base/json.ts";
import { parseKeywordValues } from "../../src/base/keyword-values.ts";
import { parseLsn } from "../../src/base/lsn.ts";
import { maskSecrets } from "../../src/base/mask-secrets.ts";
import { parseTraceparent, parseTracestate } from "../../src/base/trace-context.ts";
import { lastValueOf, readAssignment } from "../../src/conf/conf-text.ts";
import { splitLibraries } from "../../src/conf/preload-libraries.ts";
import { bearerToken, decodeClaims } from "../../src/http/authorization.ts";
import { isJsonContentType } from "../../src/http/content-type.ts";
import { readPathName, readQuery } from "../../src/http/input.ts";
import { splitTarget } from "../../src/http/target.ts";
import { parseLogFilter } from "../../src/logging/filter.ts";
import { parseAnyConnstr, parseConnstr } from "../../src/postgres/connstr.ts";
import { createLogJoiner } from "../../src/postgres/log-joiner.ts";
import { postmasterPid, postmasterState } from "../../src/postgres/pidfile.ts";
import { parsePostgresVersion } from "../../src/postgres/version.ts";
import { decodeControlPlaneResponse, decodePayload } from "../../src/spec/decode.ts";
import { deriveSpec } from "../../src/spec/derive.ts";
import { parseSafekeeperList } from "../../src/spec/safekeeper-list.ts";
import { parseSafekeeperCommand } from "../../src/standin/acceptor/command.ts";
import { CommandFailure } from "../../src/standin/command-failure.ts";
import { parsePageserverCommand } from "../../src/standin/pageserver-command.ts";
import { parseSafekeeperOptions } from "../../src/standin/startup-options.ts";
import { parseStat } from "../../src/supervisor/zombies.ts";
import { parseSocketAddress } from "../../src/vm-monitor/address.ts";
import { decodeMessage } from "../../src/vm-monitor/messages.ts";
import type { Random } from "../simulation/random.ts";
import { split } from "./mutate.ts";
import { bytesTarget, type FuzzTarget, textTarget } from "./target.ts";

function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), "utf8");
}

const configs = ["minimal.config.json", "replica.config.json"].map(fixture);
const branch = "a1b2c3d4e5f60718293a4b5c6d7e8f90 0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const logText = "2031-04-05 06:07:08.123 UTC [41] ERROR:  a\n\tb\r\n2031-04-05 06:07:08.124 UTC [41] LOG:  \u00e9\n";
const token = "eyJhbGciOiJFZERTQSJ9.eyJzY29wZSI6InRlbmFudCJ9.c2lnbmF0dXJl";

/** Decodes a config as a start does, and derives what follows from it. */
function startFrom(bytes: Buffer): void {
  for (const strict of [false, true]) {
    const config = decodePayload(bytes, { strict });
    if (config.ok && config.value.spec !== null) deriveSpec(config.value.spec);
  }
}

function joinLog(bytes: Buffer, random: Random): void {
  const joiner = createLogJoiner();
  let nowMs = 0;
  for (const piece of split(bytes, random)) {
    nowMs += random.between(0, 120);
    joiner.push(piece, nowMs);
    if ((joiner.dueAtMs() ?? Number.POSITIVE_INFINITY) <= nowMs) joiner.tick(nowMs);
  }
  joiner.flush();
}

/** A target and a query as routes read them. */
function readTarget(text: string): void {
  const { path, query } = splitTarget(text);
  readQuery(query, ["mode", "wait_for", "timeout"]);
  readPathName("name", { rest: path, query: new Map(), hasQuery: false });
}

/** Everything else that reads what comes from outside: configs, files, HTTP, the agent's messages, addresses. */
export const otherTargets: readonly FuzzTarget[] = [
  {
    ...bytesTarget(
      "config",
      configs.map((text) => Buffer.from(text)),
      startFrom,
    ),
    share: 0.3,
  },
  {
    ...bytesTarget(
      "control plane's answer",
      configs.map((text) => Buffer.from(text)),
      (bytes) => decodeControlPlaneResponse(bytes, { strict: false }),
    ),
    share: 0.2,
  },
  bytesTarget(
    "JSON",
    ['{"a":[1,-2.5e+3,"\\u00e9\\ud83d\\ude00",null,true],"a":{}}', "[[[[[[[[]]]]]]]]"].map((text) => Buffer.from(text)),
    (bytes) => parseJson(decodeUtf8(bytes)),
    [JsonSyntaxError],
  ),
  textTarget("pid file", ["4711\n/pgdata\n1790000000\n5432\n/tmp\n127.0.0.1\n 123 456\nready   \n"], (text) => {
    postmasterPid(text);
    return postmasterState(text);
  }),
  { ...bytesTarget("Postgres's log", [Buffer.from(logText)], joinLog), share: 0.5 },
  textTarget("Postgres's version", ["postgres (PostgreSQL) 17.5", "PostgreSQL 16beta2 (x)"], parsePostgresVersion),
  textTarget(
    "connection string of the compute",
    ["postgresql://cloud_admin:p%40@127.0.0.1:5432/postgres?sslmode=disable", "host=/tmp port=5432 user='a b'"],
    (text) => [parseConnstr(text), parseAnyConnstr(text)],
  ),
  textTarget("keyword and value pairs", ["host=a password='b\\'c' x = y"], parseKeywordValues),
  textTarget("list of safekeepers", ["g#7:sk1:5454, sk2:5454"], parseSafekeeperList),
  textTarget("LSN and ids", ["0/16B9188", "FFFFFFFF/FFFFFFFF", branch], (text) => [
    parseLsn(text),
    parseTenantId(text),
    parseTimelineId(text),
  ]),
  textTarget(
    "HTTP target",
    ["http://h:1/terminate?mode=fast&wait_for=running%2C&timeout=1.5#x", "/dbs/%20a%2fb"],
    readTarget,
  ),
  textTarget("HTTP headers", ["application/json; charset=utf-8", `Bearer ${token}`], (text) => [
    isJsonContentType(text),
    bearerToken(["Authorization", text]),
  ]),
  textTarget("claims", ['{"compute_id":"c","scope":"compute_ctl:admin","aud":["compute"],"exp":1790000000}'], (text) =>
    decodeClaims(text, { nowMs: 0, strict: false }),
  ),
  textTarget("trace context", ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=1,b@c=2"], (text) => [
    parseTraceparent(text),
    parseTracestate(text),
  ]),
  textTarget("log filter", ["info,compute_ctl=debug,hyper::proto=warn", "off"], parseLogFilter),
  textTarget(
    "secrets in a text",
    [`//u:pass@word@h "password": "x\\"y" Bearer ${token} SCRAM-SHA-256$4096:a==$b:c`],
    maskSecrets,
  ),
  textTarget("postgresql.conf", ["shared_preload_libraries = 'a, \"b c\", $libdir/d' # e\nport=5432\n"], (text) => [
    lastValueOf(text, "port"),
    readAssignment(text),
    splitLibraries(text),
  ]),
  textTarget("/proc/PID/stat", ["41 (a) b) Z 1 41 41 0 -1 4194560 0"], parseStat),
  textTarget(
    "the agent's messages",
    ['{"id":1,"type":"UpscaleNotification","quota":{"cpu":1.5,"mem":4096}}'],
    decodeMessage,
  ),
  textTarget("socket address", ["0.0.0.0:10301", "[::1]:80"], parseSocketAddress),
  textTarget(
    "commands for a pageserver",
    [`basebackup ${branch} 0/16ABCDE --gzip --replica`, `lease lsn ${branch} 0/1`, "set x"],
    parsePageserverCommand,
  ),
  textTarget(
    "commands for a safekeeper",
    [
      "START_WAL_PUSH (proto_version '3', allow_timeline_creation 'false')",
      "START_REPLICATION PHYSICAL 0/1 (term='4')",
    ],
    parseSafekeeperCommand,
    [CommandFailure],
  ),
  textTarget(
    "options of a safekeeper's client",
    [`-c tenant_id=a1b2 ztimeline_id=0f shard_count=4`],
    parseSafekeeperOptions,
  ),
];
