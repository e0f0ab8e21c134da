import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { systemClock } from "../../base/clock.ts";
import { describeError, errorCode } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { formatLsn } from "../../base/lsn.ts";
import { locatePostgres } from "../../postgres/do/installation.ts";
import { versionNumber } from "../../postgres/version.ts";
import { deriveSpec } from "../../spec/derive.ts";
import { describeRefusal } from "../../spec/describe-refusal.ts";
import { loadPayloadFile } from "../../spec/do/config-source.ts";
import { syncNativelyAtStart } from "../../storage/do/native-sync-at-start.ts";
import { NoAgreementInTime } from "../../storage/errors.ts";
import { type NativeSync, nativeSyncRequest, safekeeperSettings } from "../../storage/native-sync-request.ts";
import { isTokenRefused } from "../../storage/retry.ts";
import { UsageError } from "../arguments.ts";
import { commandExitCodes } from "../commands/failure.ts";
import { printable } from "../commands/printable.ts";
import { commandUsageText } from "../usage.ts";
import { readSyncOptions, type SyncOptions, syncOptionTable } from "./options.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Runs `compute_ctl sync-safekeepers`: brings the safekeepers of a branch into agreement, as a start does, and prints the LSN
 * at which its WAL ends (SK-22, SK-24). Progress goes to stderr.
 * @returns 0, 1 when they cannot agree or a signal came, 4 when they refuse the token, 5 when the time is up
 * @throws UsageError for a command line that cannot be used
 */
export async function runSync(argv: readonly string[], env: Variables): Promise<number> {
  const pgbin = env["POSTGRES_PATH"];
  const options = readSyncOptions(argv, pgbin === "" ? undefined : pgbin);
  if (options === null) {
    process.stdout.write(commandUsageText("sync-safekeepers", syncOptionTable));
    return commandExitCodes.ok;
  }
  const interruption = new AbortController();
  const { signal } = interruption;
  for (const name of ["SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP"] as const) {
    process.once(name, () => interruption.abort(new Error(`interrupted by ${name}`)));
  }
  // Whoever reads may have enough, as `head` has.
  process.stdout.on("error", (error) => process.exit(errorCode(error) === "EPIPE" ? 0 : commandExitCodes.failed));
  try {
    const request = await gather(options, env, signal);
    const ports = { log: progress, clock: systemClock, signal, deadlineMs: options.timeoutMs };
    const { lsn, durationMs } = await syncNativelyAtStart(request, ports);
    process.stdout.write(
      `${options.json ? JSON.stringify({ lsn: formatLsn(lsn), ms: durationMs }) : formatLsn(lsn)}\n`,
    );
    return commandExitCodes.ok;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    say(`error: ${describeError(error)}`);
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof NoAgreementInTime) return commandExitCodes.timedOut;
    if (isTokenRefused(cause)) return commandExitCodes.unauthorized;
  }
  return commandExitCodes.failed;
}

async function gather(options: SyncOptions, env: Variables, signal: AbortSignal): Promise<NativeSync> {
  const pgVersion = options.pgVersion ?? (await askVersion(options, env, signal));
  const caFile = options.storageCaFile === null ? null : resolve(options.storageCaFile);
  const request = await targetRequest(options, pgVersion, caFile);
  const { protocolVersion, conninfoOptions, tokenFile } = options;
  const variable = env["NEON_AUTH_TOKEN"];
  const fallback = variable === undefined || variable === "" ? null : variable;
  return {
    ...request,
    protocolVersion: protocolVersion ?? request.protocolVersion,
    conninfoOptions: conninfoOptions ?? request.conninfoOptions,
    token: tokenFile === null ? (request.token ?? fallback) : await readToken(tokenFile),
  };
}

async function askVersion({ pgbin }: SyncOptions, env: Variables, signal: AbortSignal): Promise<number> {
  try {
    return versionNumber(await locatePostgres({ pgbin, path: env["PATH"] }, signal));
  } catch (error) {
    signal.throwIfAborted();
    throw new UsageError(`give --pg-version, or a --pgbin that can be asked: ${describeError(error)}`);
  }
}

async function targetRequest({ target }: SyncOptions, pgVersion: number, caFile: string | null): Promise<NativeSync> {
  if (target.kind === "flags") {
    const { tenantId, timelineId, safekeepers } = target;
    const { hostPorts, generation } = safekeepers;
    const list = { hostPorts, generation: generation ?? 0 };
    return { ...safekeeperSettings(null), ...list, tenantId, timelineId, token: null, caFile, pgVersion };
  }
  const { path } = target;
  const config = await loadPayloadFile(path, { strict: false });
  if (!config.ok) throw new Error(describeRefusal(config.refusal, path));
  if (config.value.spec === null) throw new Error(`${path} has no spec`);
  const derived = deriveSpec(config.value.spec);
  if (!derived.ok) throw new Error(describeRefusal(derived.refusal, path));
  const { kind } = derived.value.spec.mode;
  // A sync puts an end to the primary that may be running; a compute that only reads has no business with that.
  if (kind !== "primary")
    throw new Error(`${path} is the config of a ${kind} compute; only that of a primary is synced`);
  return nativeSyncRequest(derived.value, pgVersion, caFile);
}

async function readToken(path: string): Promise<string> {
  try {
    const token = (await readFile(path, "utf8")).trim();
    if (/^[\x21-\x7e]+$/.test(token)) return token;
  } catch (error) {
    throw new UsageError(`the token file cannot be read: ${describeError(error)}`);
  }
  throw new UsageError(`${path} holds no token: it is one word of printable characters`);
}

function say(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

const progress: Log = { debug() {}, info: say, warn: say, error: say, span: () => progress };
