import { parseTenantId, parseTimelineId, type TenantId, type TimelineId } from "../base/ids.ts";

/** Whose WAL a connection to a safekeeper is about (SK-1); null is "not said". */
export interface SafekeeperTarget {
  readonly tenantId: TenantId | null;
  readonly timelineId: TimelineId | null;
}

/** The words that name an id, each with its older alias. */
const tenantWords: readonly string[] = ["tenant_id", "ztenantid"];
const timelineWords: readonly string[] = ["timeline_id", "ztimelineid"];

/**
 * Reads the startup parameter `options` of a connection to a safekeeper (SK-1): words split at blanks, unknown ones
 * ignored. Undefined when an id does not parse, upon which a safekeeper hangs up.
 */
export function parseSafekeeperOptions(options: string): SafekeeperTarget | undefined {
  let tenantId: TenantId | null | undefined = null;
  let timelineId: TimelineId | null | undefined = null;
  for (const word of options.split(/\s+/)) {
    const equals = word.indexOf("=");
    const [name, value] = [word.slice(0, equals), word.slice(equals + 1)];
    if (tenantWords.includes(name)) tenantId = parseTenantId(value);
    if (timelineWords.includes(name)) timelineId = parseTimelineId(value);
    if (tenantId === undefined || timelineId === undefined) return undefined;
  }
  return { tenantId, timelineId };
}
