import { describeError } from "../base/error-chain.ts";
import { activeTls } from "../conf/active-tls.ts";
import type { Life } from "./life.ts";
import { isTerminating } from "./status.ts";

/** The parts of a life that a renewal works with. */
export type TlsLife = Pick<Life, "ports" | "settings" | "store" | "operations" | "applied" | "postgres">;

/**
 * Gives Postgres a renewed certificate without a restart, for as long as it runs (CONF-53, CONF-54, LIFE-32). Nothing
 * happens while the spec leaves TLS off, nor when nothing has changed. Never rejects.
 */
export async function keepTlsFresh(life: TlsLife, signal: AbortSignal): Promise<void> {
  const { tls } = life.settings;
  if (tls === null) return;
  await life.ports.pgdata.watchTlsFiles(tls, () => renewTls(life, signal), signal);
}

/**
 * Takes the renewed pair over as a reconfiguration of its own, which nothing else overlaps; in any other status it waits for
 * `running`, and a termination ends it.
 * @throws the signal's reason
 */
async function renewTls(life: TlsLife, signal: AbortSignal): Promise<void> {
  const { store, ports, settings, operations } = life;
  const { applied } = life;
  if (applied === undefined || activeTls(applied.spec, settings.tls) === null) return;
  do {
    await store.until((status) => status === "running" || isTerminating(status), signal);
    if (isTerminating(store.get().status)) return;
    // The reconfiguration that was waited for may have taken the pair over.
    if (settings.tls === null || !(await ports.pgdata.hasNewTlsFiles(settings.tls))) return;
  } while (store.get().status !== "running" || !store.dispatch("configure"));
  const operation = operations.begin("renew-certificate");
  store.dispatch("reconfigure");
  try {
    await install(life, signal);
    operation.succeed();
  } catch (error) {
    operation.fail(error);
    signal.throwIfAborted();
    ports.log.warn(`the renewed certificate is not in force yet: ${describeError(error)}`);
  } finally {
    // A certificate that cannot be renewed leaves a compute that runs as it did.
    store.dispatch("reconfigured");
  }
}

/** Postgres first, then the services that read the same files (CONF-55). */
async function install({ ports, settings, postgres, applied }: TlsLife, signal: AbortSignal): Promise<void> {
  if (settings.tls === null || postgres === undefined || applied === undefined) return;
  if (!(await ports.pgdata.copyTlsFiles(settings.tls, signal))) return;
  await postgres.reload(signal);
  await ports.services.configure(applied, signal);
}
