import type { TraceContext } from "./tracer.ts";

/** What a `traceparent` says. */
export interface ParsedParent {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const parentForm = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const stateKey = /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})$/;
const stateValue = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const stateMembersMax = 32;
/** What everybody has to pass on at least; the exporter's library drops longer ones. */
const stateLengthMax = 512;

/** Reads a `traceparent` of W3C's Trace Context; undefined if it is malformed. Versions to come are read as version 00. */
export function parseTraceparent(text: string): ParsedParent | undefined {
  const [, version, traceId = "", spanId = "", flags = "", rest] = parentForm.exec(text) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The `traceparent`, version 00, of a span. */
export function formatTraceparent({ traceId, spanId, sampled }: ParsedParent): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** A `tracestate` without blanks and empty members; undefined if nothing is left or a member is malformed or given twice. */
export function parseTracestate(text: string): string | undefined {
  const members = text.split(",").flatMap((part) => {
    const member = part.replace(/^[ \t]+|[ \t]+$/g, "");
    return member === "" ? [] : [member];
  });
  const state = members.join(",");
  if (members.length === 0 || members.length > stateMembersMax || state.length > stateLengthMax) return undefined;
  const keys = new Set<string>();
  for (const member of members) {
    const at = member.indexOf("=");
    const key = member.slice(0, Math.max(at, 0));
    if (!(stateKey.test(key) && stateValue.test(member.slice(at + 1))) || keys.has(key)) return undefined;
    keys.add(key);
  }
  return state;
}

/**
 * The trace context that somebody passes on (LIFE-85, HTTP-15); undefined without a well-formed `traceparent`. A malformed
 * `tracestate` is left out, as W3C wants it.
 */
export function traceContext(traceparent: string, tracestate: string): TraceContext | undefined {
  const parent = parseTraceparent(traceparent);
  if (parent === undefined) return undefined;
  const state = parseTracestate(tracestate);
  return { traceparent: formatTraceparent(parent), ...(state === undefined ? {} : { tracestate: state }) };
}
