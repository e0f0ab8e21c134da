import { activeTls } from "../conf/active-tls.ts";
import { renderPostgresqlConf } from "../conf/postgresql-conf.ts";
import type { DerivedSpec } from "../spec/types.ts";
import type { ComputePorts, ComputeSettings } from "./ports.ts";

/**
 * Writes postgresql.conf for a spec, after the certificate files that it speaks of (CONF-10, CONF-51).
 * @param subscribers `held` until a branch's inherited subscriptions are dropped (APPLY-42)
 * @param check whether Postgres has to accept a changed text before it takes the place of the old one (chapter 04 §14.1); not
 *   worth its milliseconds in a start, where Postgres itself says at once what it does not accept
 * @returns whether Postgres has something new to read
 * @throws ConfRefusedError; the old file is in place then
 */
export async function writePostgresConf(
  ports: ComputePorts,
  settings: ComputeSettings,
  spec: DerivedSpec,
  subscribers: "held" | "free",
  signal: AbortSignal,
  check: "check" | "no check" = "no check",
): Promise<boolean> {
  const tls = activeTls(spec.spec, settings.tls);
  const { text, warnings } = renderPostgresqlConf({
    spec,
    privilegedRoleName: settings.privilegedRoleName,
    internalHttpPort: settings.internalHttpPort,
    tls,
    lakebase: settings.lakebasePort === null ? null : { port: settings.lakebasePort },
    overcommitMemory: settings.overcommitMemory,
    platform: settings.platform,
    disableSubscribers: subscribers === "held",
  });
  for (const warning of warnings) ports.log.warn(warning);
  const copyTls = async (): Promise<boolean> => tls !== null && (await ports.pgdata.copyTlsFiles(tls, signal));
  const changed = await ports.pgdata.writeConf(text, async () => {
    // First, so that a text which is refused leaves everything as it was.
    if (check === "check") await ports.postgres.checkConf(text, signal);
    await copyTls();
  });
  // A certificate may have been renewed under the same name, which the text does not show.
  return changed || (await copyTls());
}
