import { transformed } from "../base/decode-scalars.ts";
import { asObject, object, optional, required, titled } from "../base/decode-structures.ts";
import { variants } from "../base/decode-variants.ts";
import { type Decoder, hinted, readDocument, type Shape } from "../base/decoder.ts";
import { decodeUtf8, JsonSyntaxError, type JsonValue, parseJson } from "../base/json.ts";
import { computeCtlConfig } from "./decode-jwk.ts";
import { bareSpec, computeSpec } from "./decode-spec.ts";
import { configHint, syntaxHint, withValueHints } from "./hints.ts";
import { type DocumentKind, repairDocument } from "./repairs/repair.ts";
import type { Config, Problem, Refusal } from "./types.ts";

/** What came of an input: its value and what was taken for something else in it, or why it was refused. */
export type Decoding<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly refusal: Refusal };

/** How odd inputs are read. */
export interface Reading {
  /** Reads as the original does, without any repair (FIELD-1). */
  readonly strict: boolean;
}

type Status = "empty" | "attached";

/** What the control plane says about a compute (SPEC-81). */
export interface ControlPlaneResponse {
  readonly status: Status;
  readonly config: Config;
}

type ConfigMembers = Omit<Config, "declaredEmpty">;

const configMembers = {
  spec: optional("spec", computeSpec),
  computeCtlConfig: required("compute_ctl_config", computeCtlConfig),
};

const config: Decoder<ConfigMembers> = hinted(titled("Config", configMembers), configHint);

const configWithSpec: Decoder<ConfigMembers> = hinted(
  titled("Config", { ...configMembers, spec: required("spec", computeSpec) }),
  configHint,
);

const controlPlaneResponse = hinted(
  object({
    ...configMembers,
    status: required("status", variants<Status>({ empty: { unit: "empty" }, attached: { unit: "attached" } })),
  }),
  configHint,
);

/** What a config file may hold, as data: the same that {@link decodeConfig} reads by. */
export const configShape: Shape = config.shape;

/** A bare spec gets no keys, so that no token is good (CLI-8). */
const wrappedSpec: Decoder<ConfigMembers> = transformed(bareSpec, (spec) => ({
  spec,
  computeCtlConfig: { jwks: [], tls: null },
}));

/**
 * Decodes a config (SPEC-20): a file, whose spec may be missing, or the body of a `/configure`, whose spec may not.
 * Bytes behind the document are refused in both (T-20).
 */
export function decodeConfig(
  input: string | Uint8Array,
  { source, strict }: Reading & { readonly source: "file" | "http" },
): Decoding<Config> {
  const decoder = source === "http" ? configWithSpec : config;
  return asConfig(
    decode(input, strict, () => ({ decoder, kind: "config" })),
    strict,
  );
}

/** Decodes what `-s` and `-S` hand over: a config, or a spec without its wrapper (CLI-8). */
export function decodePayload(input: string | Uint8Array, { strict }: Reading): Decoding<Config> {
  const asked = (json: JsonValue): Asked<ConfigMembers> =>
    isWrapped(json) ? { decoder: config, kind: "config" } : { decoder: wrappedSpec, kind: "bare-spec" };
  return asConfig(decode(input, strict, asked), strict);
}

/** Decodes the control plane's answer to a request for a spec (SPEC-81). */
export function decodeControlPlaneResponse(
  input: string | Uint8Array,
  { strict }: Reading,
): Decoding<ControlPlaneResponse> {
  const decoded = decode(input, strict, () => ({ decoder: controlPlaneResponse, kind: "control-plane" }));
  if (!decoded.ok) return decoded;
  const { status, spec, computeCtlConfig } = decoded.value;
  const declaredEmpty = !strict && status === "empty";
  return { ...decoded, value: { status, config: { spec, computeCtlConfig, declaredEmpty } } };
}

/** A document as read, and what its members mean. */
interface Read<T> {
  readonly json: JsonValue;
  readonly value: T;
  readonly warnings: readonly string[];
}

/** By which decoder a document is read, and which repairs it may need. */
interface Asked<T> {
  readonly decoder: Decoder<T>;
  readonly kind: DocumentKind;
}

type Outcome<T> = ({ readonly ok: true } & Read<T>) | { readonly ok: false; readonly refusal: Refusal };

/**
 * In one go, without letting the event loop run: 5,000 roles with two options each (1.7 MB) take some 70 ms in a fresh
 * process and 20 ms in a warm one. What the original reads is read once; only what it refuses is repaired and read again.
 */
function decode<T>(input: string | Uint8Array, strict: boolean, askedFor: (json: JsonValue) => Asked<T>): Outcome<T> {
  const parsed = parse(input);
  if (!parsed.ok) return parsed;
  const { decoder, kind } = askedFor(parsed.json);
  if (strict) return read(decoder, parsed.json, []);
  const useful = repairDocument(parsed.json, kind, "useless");
  const first = read(decoder, useful.document, useful.warnings);
  if (first.ok) return first;
  const readable = repairDocument(useful.document, kind, "refused");
  return read(decoder, readable.document, [...readable.warnings, ...useful.warnings]);
}

function parse(
  input: string | Uint8Array,
): { readonly ok: true; readonly json: JsonValue } | { readonly ok: false; readonly refusal: Refusal } {
  const problem = ({ message }: JsonSyntaxError, hint: string | undefined): Problem =>
    hint === undefined ? { path: "", message } : { path: "", message, hint };
  let text = "";
  try {
    text = typeof input === "string" ? input : decodeUtf8(input);
    return { ok: true, json: parseJson(text) };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return { ok: false, refusal: { kind: "syntax", problems: [problem(error, syntaxHint(text))] } };
  }
}

function read<T>(decoder: Decoder<T>, json: JsonValue, warnings: readonly string[]): Outcome<T> {
  const result = readDocument(decoder, json);
  if (result.ok) return { ok: true, json, value: result.value, warnings };
  // The original stops at the first problem, so that one's class is the document's.
  const problems = withValueHints(json, result.problems);
  return { ok: false, refusal: { kind: result.problems[0]?.kind ?? "schema", problems } };
}

/** A file or a `/configure` may be a control plane's answer, of which the original ignores the status. */
function asConfig(outcome: Outcome<ConfigMembers>, strict: boolean): Decoding<Config> {
  if (!outcome.ok) return outcome;
  const { json, value, warnings } = outcome;
  const status = asObject(json)?.members.find(({ name }) => name === "status")?.value;
  const declaredEmpty = !strict && typeof status === "string" && status.toLowerCase() === "empty";
  return { ok: true, value: { ...value, declaredEmpty }, warnings };
}

function isWrapped(json: JsonValue): boolean {
  return asObject(json)?.members.some(({ name }) => name === "spec" || name === "compute_ctl_config") ?? false;
}
