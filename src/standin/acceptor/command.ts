import { type Lsn, parseLsn } from "../../base/lsn.ts";
import { CommandFailure } from "../command-failure.ts";

/** A command of a safekeeper's libpq endpoint (SK-2). */
export type SafekeeperCommand =
  | { readonly kind: "set" | "timeline-status" | "identify-system" }
  | { readonly kind: "start-wal-push"; readonly version: 2 | 3; readonly mayCreate: boolean }
  /** Without a term only what is committed is streamed. */
  | { readonly kind: "start-replication"; readonly startLsn: Lsn; readonly term: bigint | null };

const optionPattern = /(?<name>\w+)\s*'(?<value>[^']*)'/g;
const replicationPattern =
  /^START_REPLICATION\s+(?:SLOT\s+\S+\s+)?(?:PHYSICAL\s+)?(?<lsn>[0-9A-Fa-f]+\/[0-9A-Fa-f]+)(?:\s*\(\s*term\s*=\s*'(?<term>\d{1,20})'\s*\))?\s*$/;

/** @throws CommandFailure for anything else */
export function parseSafekeeperCommand(text: string): SafekeeperCommand {
  if (/^set /i.test(text)) return { kind: "set" };
  if (text.startsWith("TIMELINE_STATUS")) return { kind: "timeline-status" };
  if (text.startsWith("IDENTIFY_SYSTEM")) return { kind: "identify-system" };
  if (text.startsWith("START_WAL_PUSH")) return parseWalPush(text);
  if (text.startsWith("START_REPLICATION")) return parseReplication(text);
  const [word = ""] = text.split(" ");
  throw new CommandFailure("other", `unsupported command ${JSON.stringify(word)}`);
}

function parseWalPush(text: string): SafekeeperCommand {
  const options = new Map(
    Array.from(text.matchAll(optionPattern), ({ groups }) => [groups?.["name"], groups?.["value"]]),
  );
  const version = options.get("proto_version") ?? "2";
  const mayCreate = options.get("allow_timeline_creation") ?? "true";
  if (version !== "2" && version !== "3") throw new CommandFailure("other", `no protocol version ${version}`);
  if (mayCreate !== "true" && mayCreate !== "false") {
    throw new CommandFailure("other", `allow_timeline_creation is neither true nor false: ${mayCreate}`);
  }
  return { kind: "start-wal-push", version: version === "2" ? 2 : 3, mayCreate: mayCreate === "true" };
}

function parseReplication(text: string): SafekeeperCommand {
  const groups = replicationPattern.exec(text)?.groups;
  const startLsn = parseLsn(groups?.["lsn"] ?? "");
  if (startLsn === undefined) throw new CommandFailure("other", `malformed command ${JSON.stringify(text)}`);
  const term = groups?.["term"];
  return { kind: "start-replication", startLsn, term: term === undefined ? null : BigInt(term) };
}
