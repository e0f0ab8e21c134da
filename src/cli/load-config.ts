import { systemClock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Metrics } from "../metrics/registry.ts";
import { type Decoding, decodePayload, type Reading } from "../spec/decode.ts";
import { describeRefusal } from "../spec/describe-refusal.ts";
import type { Config } from "../spec/types.ts";
import type { Environment } from "./environment.ts";
import type { ConfigSource, Options } from "./options.ts";

/** Where loading a config speaks, and where it counts what it asked. */
export interface LoadPorts {
  readonly log: Log;
  readonly metrics: Metrics;
  /** Told before each pause why the control plane gave no config yet; what it returns is waited for. */
  readonly onWait?: (reason: string) => Promise<void>;
}

/**
 * Gets the config from wherever the command line says (LIFE-2).
 * @throws Error that lists everything that is wrong with it, or why it could not be had
 */
export async function loadConfig(
  options: Options,
  environment: Environment,
  ports: LoadPorts,
  signal: AbortSignal,
): Promise<Config> {
  const { source } = options;
  const { log } = ports;
  if (source.kind === "control-plane") return askControlPlane(source.uri, options, environment, ports, signal);
  const decoded = await readSource(source, options);
  if (!decoded.ok) throw new Error(describeRefusal(decoded.refusal, sourceName(source)));
  for (const warning of decoded.warnings) log.warn(warning);
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

async function readSource(
  source: Exclude<ConfigSource, { kind: "control-plane" }>,
  reading: Reading,
): Promise<Decoding<Config>> {
  if (source.kind === "inline-spec") return decodePayload(source.text, reading);
  const { loadConfigFile, loadPayloadFile } = await import("../spec/do/config-source.ts");
  const load = source.kind === "config-file" ? loadConfigFile : loadPayloadFile;
  return load(source.path, reading);
}

async function askControlPlane(
  baseUri: string,
  options: Options,
  environment: Environment,
  { log, metrics, onWait = async () => {} }: LoadPorts,
  signal: AbortSignal,
): Promise<Config> {
  const { fetchConfig } = await import("../spec/do/control-plane.ts");
  const { originalSchedule, patientSchedule } = await import("../spec/control-plane-request.ts");
  const { strict, controlPlaneTimeoutSeconds } = options;
  let attempts = 0;
  const { config } = await fetchConfig({
    baseUri,
    computeId: options.computeId ?? "",
    token: environment.controlPlaneToken,
    proxyEnv: process.env,
    schedule: strict ? originalSchedule : patientSchedule(controlPlaneTimeoutSeconds * 1000, Math.random),
    strict,
    signal,
    log,
    clock: systemClock,
    onWait,
    onAttempt(http_status) {
      metrics.add("compute_ctl_cplane_requests_total", { rpc: "GetConfig", http_status }, 1);
      attempts += 1;
      if (attempts > 1) metrics.add("compute_ctl_retries_total", { kind: "control-plane" }, 1);
    },
  });
  return config;
}
