import { transformed } from "../base/decode-scalars.ts";
import { asObject, object, optional, required, titled } from "../base/decode-structures.ts";
import { variants } from "../base/decode-variants.ts";
import { type Decoder, hinted, readDocument, type Shape } from "../base/decoder.ts";
import { decodeUtf8, JsonSyntaxError, type JsonValue, parseJson } from "../base/json.ts";
import { computeCtlConfig } from "./decode-jwk.ts";
import { bareSpec, computeSpec } from "./decode-spec.ts";
import { configHint } from "./hints.ts";
import type { Config, Refusal } from "./types.ts";

/** What came of an input: its value, or why it was refused. */
export type Decoding<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

type Status = "empty" | "attached";

/** What the control plane says about a compute (SPEC-81). */
export interface ControlPlaneResponse {
  readonly status: Status;
  readonly config: Config;
}

const configMembers = {
  spec: optional("spec", computeSpec),
  computeCtlConfig: required("compute_ctl_config", computeCtlConfig),
};

const config: Decoder<Config> = hinted(titled("Config", configMembers), configHint);

const configWithSpec: Decoder<Config> = hinted(
  titled("Config", { ...configMembers, spec: required("spec", computeSpec) }),
  configHint,
);

const controlPlaneResponse: Decoder<ControlPlaneResponse> = transformed(
  object({
    ...configMembers,
    status: required("status", variants<Status>({ empty: { unit: "empty" }, attached: { unit: "attached" } })),
  }),
  ({ status, spec, computeCtlConfig }) => ({ status, config: { spec, computeCtlConfig } }),
);

/** What a config file may hold, as data: the same that {@link decodeConfig} reads by. */
export const configShape: Shape = config.shape;

/** A bare spec gets no keys, so that no token is good (CLI-8). */
const wrappedSpec: Decoder<Config> = transformed(bareSpec, (spec) => ({
  spec,
  computeCtlConfig: { jwks: [], tls: null },
}));

/**
 * Decodes a config (SPEC-20): a file, whose spec may be missing, or the body of a `/configure`, whose spec may not.
 * Bytes behind the document are refused in both (T-20).
 */
export function decodeConfig(
  input: string | Uint8Array,
  options: { readonly source: "file" | "http" },
): Decoding<Config> {
  return decode(input, () => (options.source === "http" ? configWithSpec : config));
}

/** Decodes what `-s` and `-S` hand over: a config, or a spec without its wrapper (CLI-8). */
export function decodePayload(input: string | Uint8Array): Decoding<Config> {
  return decode(input, (json) => (isWrapped(json) ? config : wrappedSpec));
}

/** Decodes the control plane's answer to a request for a spec (SPEC-81). */
export function decodeControlPlaneResponse(input: string | Uint8Array): Decoding<ControlPlaneResponse> {
  return decode(input, () => controlPlaneResponse);
}

/**
 * In one go, without letting the event loop run: 5,000 roles with two options each (1.7 MB) take some 70 ms in a fresh
 * process and 20 ms in a warm one.
 */
function decode<T>(input: string | Uint8Array, decoderFor: (json: JsonValue) => Decoder<T>): Decoding<T> {
  let json: JsonValue;
  try {
    json = parseJson(typeof input === "string" ? input : decodeUtf8(input));
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return { ok: false, refusal: { kind: "syntax", problems: [{ path: "", message: error.message }] } };
  }
  const result = readDocument(decoderFor(json), json);
  if (result.ok) return result;
  // The original stops at the first problem, so that one's class is the document's.
  return { ok: false, refusal: { kind: result.problems[0]?.kind ?? "schema", problems: result.problems } };
}

function isWrapped(json: JsonValue): boolean {
  return asObject(json)?.members.some(({ name }) => name === "spec" || name === "compute_ctl_config") ?? false;
}
