import { parseTenantId, parseTimelineId, type TenantId, type TimelineId } from "../base/ids.ts";
import { type Lsn, parseLsn } from "../base/lsn.ts";

/** A command of the page service that this stand-in answers (chapter 06 §4.1). */
export type PageserverCommand =
  | {
      readonly kind: "basebackup";
      readonly tenantId: TenantId;
      readonly timelineId: TimelineId;
      /** Null stands for the latest. */
      readonly lsn: Lsn | null;
      readonly gzip: boolean;
      readonly replica: boolean;
    }
  | {
      readonly kind: "lease";
      readonly tenantId: TenantId;
      readonly timelineId: TimelineId;
      /** The shard's index; `0000` for a bare tenant. */
      readonly shard: string;
      readonly lsn: Lsn;
    }
  | { readonly kind: "set" }
  | { readonly kind: "invalid"; readonly message: string };

/** Reads a command. The first word is taken in any case; blanks around the words do not count. */
export function parsePageserverCommand(text: string): PageserverCommand {
  const [word = "", ...rest] = text.trim().split(/\s+/);
  if (rest.length === 0) return invalid(`unknown command ${JSON.stringify(text)}`);
  switch (word.toLowerCase()) {
    case "basebackup":
      return parseBasebackup(rest);
    case "lease":
      return parseLease(rest);
    case "set":
      return { kind: "set" };
    default:
      return invalid(`this stand-in does not speak ${JSON.stringify(word)} yet; it answers basebackup, lease and set`);
  }
}

function parseBasebackup([tenant = "", timeline = "", ...rest]: readonly string[]): PageserverCommand {
  const tenantId = parseTenantId(tenant);
  if (tenantId === undefined) return invalid(`basebackup: not a tenant id: ${JSON.stringify(tenant)}`);
  const timelineId = parseTimelineId(timeline);
  if (timelineId === undefined) return invalid(`basebackup: not a timeline id: ${JSON.stringify(timeline)}`);
  const position = rest[0]?.startsWith("--") ? undefined : rest[0];
  const flags = position === undefined ? rest : rest.slice(1);
  const stray = flags.find(
    (flag, index) => (flag !== "--gzip" && flag !== "--replica") || flags.indexOf(flag) !== index,
  );
  if (stray !== undefined) return invalid(`basebackup: unexpected or repeated argument ${JSON.stringify(stray)}`);
  const latest = position === undefined || position === "latest";
  const lsn = latest ? null : parseLsn(position);
  if (lsn === undefined) return invalid(`basebackup: not an LSN: ${JSON.stringify(position)}`);
  return {
    kind: "basebackup",
    tenantId,
    timelineId,
    lsn,
    gzip: flags.includes("--gzip"),
    replica: flags.includes("--replica"),
  };
}

/** `lease lsn <tenant-shard id> <timeline> <LSN>` (chapter 06 §4.1). */
function parseLease(words: readonly string[]): PageserverCommand {
  const [what = "", tenantShard = "", timeline = "", position = ""] = words;
  if (what.toLowerCase() !== "lsn" || words.length !== 4)
    return invalid("lease: expected lsn, a tenant, a timeline, an LSN");
  const [tenant = "", shard = "0000", ...more] = tenantShard.split("-");
  const tenantId = parseTenantId(tenant);
  if (tenantId === undefined || more.length > 0 || !/^[0-9a-f]{4}$/i.test(shard)) {
    return invalid(`lease: not a tenant shard id: ${JSON.stringify(tenantShard)}`);
  }
  const timelineId = parseTimelineId(timeline);
  if (timelineId === undefined) return invalid(`lease: not a timeline id: ${JSON.stringify(timeline)}`);
  const lsn = parseLsn(position);
  if (lsn === undefined) return invalid(`lease: not an LSN: ${JSON.stringify(position)}`);
  return { kind: "lease", tenantId, timelineId, shard: shard.toLowerCase(), lsn };
}

function invalid(message: string): PageserverCommand {
  return { kind: "invalid", message };
}
