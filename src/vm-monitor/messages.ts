import { float, string, u64 } from "../base/decode-scalars.ts";
import { object, optional, required } from "../base/decode-structures.ts";
import type { Decoder } from "../base/decoder.ts";
import { cut, readJson } from "./read-json.ts";

/** What the agent says (VM-9). Ids keep all digits, because they are sent back. */
export type AgentMessage = HealthCheck | ScalingRequest | Complaint;

export interface HealthCheck {
  readonly type: "HealthCheck";
  readonly id: bigint;
}

/** A request that changes sizes. */
export interface ScalingRequest {
  readonly type: "UpscaleNotification" | "DownscaleRequest";
  readonly id: bigint;
  /** The VM's memory, as it is now or as it would be. */
  readonly memBytes: number;
}

/** The agent did not like what we sent. It gets no answer. */
export interface Complaint {
  readonly type: "InvalidMessage" | "InternalError";
  readonly error: string;
}

/** A message, or what is wrong with it and the id to say so under; null when even that cannot be read (VM-12). */
export type DecodedMessage =
  | { readonly ok: true; readonly message: AgentMessage }
  | { readonly ok: false; readonly id: bigint | null; readonly problem: string };

const head = object({ type: required("type", string), id: required("id", u64) });
const idAlone = object({ id: required("id", u64) });
const resources = object({ mem: required("mem", u64), cpu: optional("cpu", float) });
const granted = object({ content: required("content", object({ size: required("granted", resources) })) });
const target = object({ content: required("content", object({ size: required("target", resources) })) });
const complaint = object({ content: required("content", object({ error: required("error", string) })) });

/** Reads a message of the agent. Only what an answer needs has to be there (VM-10). */
export function decodeMessage(text: string): DecodedMessage {
  const read = readJson(head, text);
  if (!read.ok) {
    const id = readJson(idAlone, text);
    return { ok: false, id: id.ok ? id.value.id : null, problem: read.problem };
  }
  const { type, id } = read.value;
  switch (type) {
    case "HealthCheck":
      return { ok: true, message: { type, id } };
    case "UpscaleNotification":
      return sized(type, id, granted, text);
    case "DownscaleRequest":
      return sized(type, id, target, text);
    case "InvalidMessage":
    case "InternalError":
      return { ok: true, message: { type, error: complaintIn(text) } };
    default:
      return { ok: false, id, problem: cut(`unknown type ${JSON.stringify(type)}`) };
  }
}

function sized(
  type: ScalingRequest["type"],
  id: bigint,
  decoder: Decoder<{ readonly content: { readonly size: { readonly mem: bigint } } }>,
  text: string,
): DecodedMessage {
  const read = readJson(decoder, text);
  if (!read.ok) return { ok: false, id, problem: read.problem };
  return { ok: true, message: { type, id, memBytes: Number(read.value.content.size.mem) } };
}

/** A complaint without a readable text is a complaint all the same: answering it would go on forever. */
function complaintIn(text: string): string {
  const read = readJson(complaint, text);
  return read.ok ? cut(read.value.content.error) : `(no readable text: ${read.problem})`;
}

/** `{"version":1}` (VM-8). */
export function versionReply(version: number): string {
  return JSON.stringify({ version });
}

/** The answer to a greeting that leads to no session. */
export function greetingError(why: string): string {
  return JSON.stringify({ error: cut(why) });
}

/** Answers a health check. */
export function healthReply(id: bigint): string {
  return encode({ type: "HealthCheck" }, id);
}

/** Confirms that an upscale was taken note of. */
export function upscaleConfirmation(id: bigint): string {
  return encode({ type: "UpscaleConfirmation" }, id);
}

/** Allows or refuses a downscale. */
export function downscaleResult(id: bigint, ok: boolean, status: string): string {
  return encode({ type: "DownscaleResult", Ok: ok, Status: cut(status) }, id);
}

/** Asks for more memory. */
export function upscaleRequest(id: number): string {
  return encode({ type: "UpscaleRequest" }, BigInt(id));
}

/** A request failed here. */
export function internalError(id: bigint, error: string): string {
  return encode({ type: "InternalError", error: cut(error) }, id);
}

/** A message was not understood (VM-12). */
export function invalidMessage(id: bigint, error: string): string {
  return encode({ type: "InvalidMessage", error: cut(error) }, id);
}

/** Fields on the top level, the id last and with all its digits (VM-9). */
function encode(fields: Readonly<Record<string, string | boolean>>, id: bigint): string {
  return `${JSON.stringify(fields).slice(0, -1)},"id":${id}}`;
}
