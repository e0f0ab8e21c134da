import type { Log } from "../base/log.ts";
import { type Decoding, decodePayload } from "../spec/decode.ts";
import { describeRefusal } from "../spec/describe-refusal.ts";
import type { Config } from "../spec/types.ts";
import type { Environment } from "./environment.ts";
import type { ConfigSource, Options } from "./options.ts";

/**
 * Gets the config from wherever the command line says (LIFE-2).
 * @throws Error that lists everything that is wrong with it, or why it could not be had
 */
export async function loadConfig(
  options: Options,
  environment: Environment,
  log: Log,
  signal: AbortSignal,
): Promise<Config> {
  const { source } = options;
  if (source.kind === "control-plane") return askControlPlane(source.uri, options, environment, log, signal);
  const decoded = await readSource(source);
  if (!decoded.ok) throw new Error(describeRefusal(decoded.refusal, sourceName(source)));
  return decoded.value;
}

/** The same for a refresh, long after the start (LIFE-30). @throws also when the config was given inline and cannot change */
export async function reloadConfig(
  options: Options,
  environment: Environment,
  log: Log,
  signal: AbortSignal,
): Promise<Config> {
  if (options.source.kind === "inline-spec") {
    throw new Error("there is no source to pull a config from: this compute was given its spec by --spec");
  }
  return loadConfig(options, environment, log, signal);
}

/** How a source is called in messages. */
export function sourceName(source: ConfigSource): string {
  switch (source.kind) {
    case "config-file":
    case "spec-file":
      return source.path;
    case "inline-spec":
      return "the JSON of --spec";
    case "control-plane":
      return "the control plane's config";
  }
}

async function readSource(source: Exclude<ConfigSource, { kind: "control-plane" }>): Promise<Decoding<Config>> {
  if (source.kind === "inline-spec") return decodePayload(source.text);
  const { loadConfigFile, loadPayloadFile } = await import("../spec/do/config-source.ts");
  return source.kind === "config-file" ? loadConfigFile(source.path) : loadPayloadFile(source.path);
}

async function askControlPlane(
  baseUri: string,
  options: Options,
  environment: Environment,
  log: Log,
  signal: AbortSignal,
): Promise<Config> {
  const { fetchConfig } = await import("../spec/do/control-plane.ts");
  const { originalSchedule } = await import("../spec/control-plane-request.ts");
  const { config } = await fetchConfig({
    baseUri,
    computeId: options.computeId ?? "",
    token: environment.controlPlaneToken,
    proxyEnv: process.env,
    schedule: originalSchedule,
    signal,
    log,
    onAttempt: () => {},
  });
  return config;
}
