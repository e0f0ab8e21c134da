/** A file of the audit log. */
export interface AuditFile {
  readonly path: string;
  readonly bytes: number;
  /** How long ago it was written to, in milliseconds. */
  readonly idleMs: number;
}

/** How far rsyslogd has read each file, in bytes, by path; undefined when that cannot be known. */
export type ShippedBytes = ReadonlyMap<string, number> | undefined;

/** What to do with a file: nothing, warn that it is not shipped, remove it, or remove it although it is not shipped. */
export type AuditFileFate = "keep" | "alarm" | "remove" | "lose";

/** A file that nothing has been written to for that long is finished with (SVC-35). */
const idleMsMax = 15 * 60_000;
/** A file that is not shipped is kept longer, but not until the disk is full (SVC-T9). */
const unshippedMsMax = 60 * 60_000;

/** Whether a file's name is that of an audit log. */
export function isAuditFile(name: string): boolean {
  return name.startsWith("audit") && name.endsWith(".log");
}

/** Decides what becomes of an audit file (SVC-35, SVC-T9). Where shipping is not known of, age alone counts. */
export function auditFileFate({ path, bytes, idleMs }: AuditFile, shipped: ShippedBytes): AuditFileFate {
  if (idleMs <= idleMsMax) return "keep";
  if (shipped === undefined || bytes === 0 || (shipped.get(path) ?? 0) >= bytes) return "remove";
  return idleMs <= unshippedMsMax ? "alarm" : "lose";
}

/** One of rsyslogd's state files: which file it is about, and up to which byte that was read and handed on. */
export function parseReadState(text: string): { readonly path: string; readonly bytes: number } | undefined {
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof state !== "object" || state === null || !("filename" in state && "curr_offs" in state)) return undefined;
  const { filename: path, curr_offs: bytes } = state;
  if (typeof path !== "string" || typeof bytes !== "number") return undefined;
  // A record that was read, but whose end has not been seen, was not handed on yet.
  const pending = "prev_msg_segment" in state ? state.prev_msg_segment : "";
  return { path, bytes: typeof pending === "string" && pending !== "" ? Math.max(0, bytes - 1) : bytes };
}
