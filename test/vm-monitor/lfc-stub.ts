import type { OpenSession } from "../../src/base/sql.ts";
import { createOpenSession } from "../../src/postgres/do/session.ts";
import { type FakePeer, type FakeServer, startFakeServer } from "../../src/storage/do/fake-server.ts";
import type { BackendMessage } from "../../src/storage/wire/messages.ts";

/** What a test says about the next statements. */
export interface LfcBehaviour {
  /** Statements that match are answered only when the promise resolves. */
  hold: { readonly pattern: RegExp; readonly until: Promise<void> } | null;
  /** Statements that match fail with this SQLSTATE. */
  fail: { readonly pattern: RegExp; readonly code: string } | null;
  /** The maximum in bytes; null for a Postgres without a file cache. */
  maxBytes: number | null;
  /** The connections of statements that match are cut instead of answered; counts down. */
  cut: { readonly pattern: RegExp; times: number } | null;
}

/** A server that speaks the statements of VM-24 and VM-25 over real connections. */
export interface LfcStub {
  readonly behaviour: LfcBehaviour;
  /** The statements that changed something, in order: `limit = 6069`, `reload`. */
  readonly changes: readonly string[];
  readonly startup: ReadonlyMap<string, string> | undefined;
  readonly openSession: OpenSession;
  readonly port: number;
  /** How many connections there have been. */
  connections(): number;
  /** As a Postgres that is gone. */
  close(): void;
}

const mib = 1_048_576;

/** Starts the stub, with an LFC of 10240 MB at most. */
export async function startLfcStub(behaviour: Partial<LfcBehaviour> = {}): Promise<LfcStub> {
  const how: LfcBehaviour = { hold: null, fail: null, maxBytes: 10_240 * mib, cut: null, ...behaviour };
  const changes: string[] = [];
  let limitMib = 64;
  let startup: ReadonlyMap<string, string> | undefined;

  function answer(sql: string): readonly BackendMessage[] {
    const limit = /^ALTER SYSTEM SET neon\.file_cache_size_limit = (\d+)$/.exec(sql)?.[1];
    if (limit !== undefined) {
      changes.push(`limit = ${limit}`);
      limitMib = Number(limit);
      return [{ kind: "commandComplete", tag: "ALTER SYSTEM" }];
    }
    if (sql === "SELECT pg_catalog.pg_reload_conf()") {
      changes.push("reload");
      return rows({ pg_reload_conf: "t" });
    }
    if (!sql.includes("neon.max_file_cache_size")) return [error("42601", `not a statement of VM-25: ${sql}`)];
    const known = how.maxBytes !== null;
    return rows({ limit_bytes: known ? String(limitMib * mib) : null, max_bytes: known ? String(how.maxBytes) : null });
  }

  async function talk(peer: FakePeer): Promise<void> {
    const first = await peer.next();
    if (first?.kind !== "startup") return;
    startup = first.params;
    peer.send({ kind: "authenticationOk" }, { kind: "readyForQuery", status: "I" });
    for (let message = await peer.next(); message?.kind === "query"; message = await peer.next()) {
      const { text } = message;
      if (how.cut !== null && how.cut.times > 0 && how.cut.pattern.test(text)) {
        how.cut.times -= 1;
        return;
      }
      if (how.hold?.pattern.test(text) === true) await how.hold.until;
      const fails = how.fail?.pattern.test(text) === true;
      const reply = fails ? [error(how.fail?.code ?? "", "made to fail")] : answer(text);
      peer.send(...reply, { kind: "readyForQuery", status: "I" });
    }
  }

  const server: FakeServer = await startFakeServer(talk);
  const connstr = { user: "u", password: null, host: "127.0.0.1", port: server.port, database: "d", options: null };
  const identity = { applicationName: "vm-monitor", options: "-c statement_timeout=3000" };
  return {
    behaviour: how,
    changes,
    get startup() {
      return startup;
    },
    openSession: createOpenSession(connstr, { connectLimitMs: 2_000 }, identity),
    port: server.port,
    connections: server.connections,
    close: server.close,
  };
}

function rows(row: Readonly<Record<string, string | null>>): readonly BackendMessage[] {
  return [
    { kind: "rowDescription", columns: Object.keys(row).map((name) => ({ name, typeOid: 25, typeSize: -1 })) },
    { kind: "dataRow", values: Object.values(row) },
    { kind: "commandComplete", tag: "SELECT 1" },
  ];
}

function error(code: string, message: string): BackendMessage {
  return { kind: "errorResponse", severity: "ERROR", code, message };
}
