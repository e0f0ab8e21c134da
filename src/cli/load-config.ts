import type { Log } from "../base/log.ts";
import type { Metrics } from "../metrics/registry.ts";
import { type Decoding, decodePayload } from "../spec/decode.ts";
import { describeRefusal } from "../spec/describe-refusal.ts";
import type { Config } from "../spec/types.ts";
import type { Environment } from "./environment.ts";
import type { ConfigSource, Options } from "./options.ts";

/** Where loading a config speaks, and where it counts what it asked. */
export interface LoadPorts {
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Gets the config from wherever the command line says (LIFE-2).
 * @throws Error that lists everything that is wrong with it, or why it could not be had
 */
export async function loadConfig(
  options: Options,
  environment: Environment,
  { log, metrics }: LoadPorts,
  signal: AbortSignal,
): Promise<Config> {
  const { source } = options;
  if (source.kind === "control-plane")
    return askControlPlane(source.uri, options, environment, { log, metrics }, signal);
  const decoded = await readSource(source);
  if (!decoded.ok) throw new Error(describeRefusal(decoded.refusal, sourceName(source)));
  return decoded.value;
}

/** The same for a refresh, long after the start (LIFE-30). @throws also when the config was given inline and cannot change */
export async function reloadConfig(
  options: Options,
  environment: Environment,
  ports: LoadPorts,
  signal: AbortSignal,
): Promise<Config> {
  if (options.source.kind === "inline-spec") {
    throw new Error("there is no source to pull a config from: this compute was given its spec by --spec");
  }
  return loadConfig(options, environment, ports, signal);
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
  { log, metrics }: LoadPorts,
  signal: AbortSignal,
): Promise<Config> {
  const { fetchConfig } = await import("../spec/do/control-plane.ts");
  const { originalSchedule } = await import("../spec/control-plane-request.ts");
  let attempts = 0;
  const { config } = await fetchConfig({
    baseUri,
    computeId: options.computeId ?? "",
    token: environment.controlPlaneToken,
    proxyEnv: process.env,
    schedule: originalSchedule,
    signal,
    log,
    onAttempt(http_status) {
      metrics.add("compute_ctl_cplane_requests_total", { rpc: "GetConfig", http_status }, 1);
      attempts += 1;
      if (attempts > 1) metrics.add("compute_ctl_retries_total", { kind: "control-plane" }, 1);
    },
  });
  return config;
}
