/*
 * A process that asks safekeepers for their status and then syncs them, as a start does when it must, and tells on stdout
 * what both took in milliseconds, one line for each time. Its modules are loaded before, as those of a start are meanwhile.
 *
 * Arguments: the config's file, how often.
 */
import { systemClock } from "../../../src/base/clock.ts";
import type { Log } from "../../../src/base/log.ts";
import { deriveSpec } from "../../../src/spec/derive.ts";
import { loadPayloadFile } from "../../../src/spec/do/config-source.ts";
import type { DerivedSpec } from "../../../src/spec/types.ts";
import { syncSafekeepersNatively } from "../../../src/storage/do/native-sync.ts";
import { checkSafekeepers } from "../../../src/storage/do/safekeeper-status.ts";
import { nativeSyncRequest } from "../../../src/storage/native-sync-request.ts";

const pgVersion = 170_000;
const deadlineMs = 20_000;
const askMsMax = 2_000;
const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, span: () => silent };

async function readSpec(path: string): Promise<DerivedSpec> {
  const config = await loadPayloadFile(path, { strict: true });
  if (!config.ok || config.value.spec === null) throw new Error(`${path} holds no spec`);
  const derived = deriveSpec(config.value.spec);
  if (!derived.ok) throw new Error(`the spec of ${path} cannot be used`);
  return derived.value;
}

const [path = "", times = ""] = process.argv.slice(2);
const request = nativeSyncRequest(await readSpec(path), pgVersion, null);
const ports = { log: silent, clock: systemClock, signal: new AbortController().signal, deadlineMs };
for (let count = Number(times); count > 0; count -= 1) {
  const beganAt = performance.now();
  const outcome = await checkSafekeepers({ ...request, askMsMax }, ports);
  const checkedAt = performance.now();
  const { lsn } = await syncSafekeepersNatively(request, ports);
  const syncedAt = performance.now();
  if (outcome.kind !== "synced" || outcome.lsn !== lsn) throw new Error("the safekeepers are not healthy");
  process.stdout.write(`${checkedAt - beganAt} ${syncedAt - checkedAt}\n`);
}
