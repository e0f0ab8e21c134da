/*
 * A process that applies the catalog of a config, as a start does, and tells on stdout what that took. One process for each
 * first apply: like a start's, its code has not run before.
 *
 * Arguments: the config's file, the connection string, `directly` or `plainly`, how often to apply.
 */
import { readFile } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { systemClock } from "../../../src/base/clock.ts";
import type { Log } from "../../../src/base/log.ts";
import { startConcurrency } from "../../../src/catalog/concurrency.ts";
import { applyCatalog } from "../../../src/catalog/do/apply-catalog.ts";
import { parseConnstr } from "../../../src/postgres/connstr.ts";
import { createOpenSession, warmSession } from "../../../src/postgres/do/session.ts";
import { decodePayload } from "../../../src/spec/decode.ts";
import { deriveSpec } from "../../../src/spec/derive.ts";
import type { DerivedSpec } from "../../../src/spec/types.ts";
import { log } from "../log.ts";
import { readMemory } from "../process-memory.ts";
import { type ApplyFigures, figuresText } from "./figures.ts";

const connectLimitMs = 30_000;
/** How often the event loop is looked at; the timer's own period is a part of what it measures. */
const resolution = 1;

const [configFile = "", connstr = "", passwords = "", times = "1"] = process.argv.slice(2);
const spec = readSpec(await readFile(configFile, "utf8"));
const target = parseConnstr(connstr);
if (!target.ok) throw new Error(target.message);
const openSession = createOpenSession(target.value, { connectLimitMs });
// A start loads the driver while Postgres gets ready.
warmSession();

const input = {
  spec,
  privilegedRoleName: "neon_superuser",
  concurrency: startConcurrency(spec.spec.cluster.settings, spec.spec.cluster.postgresqlConf),
  neonRequired: false,
  writePasswordsDirectly: passwords === "directly",
  verified: new Map<string, string>(),
};
const quiet: Log = { ...log, warn() {}, span: () => quiet };
const ports = { openSession, log: quiet, clock: systemClock, signal: new AbortController().signal };
const figures: ApplyFigures[] = [];
for (let round = 0; round < Number(times); round += 1) {
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  const beganAt = performance.now();
  const { phases } = await applyCatalog(input, ports);
  const ms = performance.now() - beganAt;
  histogram.disable();
  const { VmHWM: peakKib } = await readMemory(process.pid);
  const steps = phases.reduce((sum, phase) => sum + phase.steps, 0);
  figures.push({ ms, steps, loopGapMs: Math.max(0, histogram.max / 1e6 - resolution), peakKib });
}
process.stdout.write(figuresText(figures));

function readSpec(text: string): DerivedSpec {
  const decoded = decodePayload(text, { strict: true });
  if (!decoded.ok || decoded.value.spec === null) throw new Error("the config cannot be decoded");
  const derived = deriveSpec(decoded.value.spec);
  if (!derived.ok) throw new Error("the spec cannot be used");
  return derived.value;
}
