import { join } from "node:path";
import { once } from "../base/once.ts";
import type { Owner } from "../base/owner.ts";
import type { PgdataPort } from "../compute/ports.ts";
import { heldHba } from "../conf/held-access.ts";
import type { InstalledTls } from "../conf/tls-state.ts";
import type { Facts, Surroundings } from "./facts.ts";
import { loadLeftoverPostmaster, loadPgdata, loadTls } from "./load.ts";

/**
 * The data directory on disk.
 * @param removals gets a promise for every old directory that is deleted meanwhile
 * @param onTls told whenever Postgres gets another certificate, or could not get one
 */
export function pgdataPort(
  facts: Facts,
  { log, clock }: Surroundings,
  removals: Promise<void>[],
  onTls: (installed: InstalledTls) => void,
): PgdataPort {
  const { pgdata, lakebasePort } = facts.settings;
  const owner: Owner | null = facts.osUser;
  const tlsFiles = once(async () =>
    (await loadTls()).createTlsFiles({ pgdata, owner, log: log.span("tls"), now: clock.now, onChange: onTls }),
  );
  const hba = join(pgdata, "pg_hba.conf");
  let accessRules: string | undefined;
  const warnAll = (warnings: readonly string[]): void => {
    for (const warning of warnings) log.warn(warning);
  };
  return {
    async recreate() {
      const [{ preparePgdata }, { endLeftoverPostmaster }] = await Promise.all([
        loadPgdata(),
        loadLeftoverPostmaster(),
      ]);
      await endLeftoverPostmaster(pgdata, log);
      const { oldRemoved } = await preparePgdata({ pgdata, owner, keepGoing: lakebasePort !== null });
      removals.push(oldRemoved.then(warnAll));
    },
    async writeConf(text, accept) {
      return (await loadPgdata()).writePostgresqlConf(pgdata, text, owner, accept);
    },
    copyTlsFiles: async (paths, signal) => (await tlsFiles()).install(paths, signal),
    hasNewTlsFiles: async (paths) => (await tlsFiles()).isRenewed(paths),
    watchTlsFiles: async (paths, onRenewed, signal) => (await tlsFiles()).watch(paths, onRenewed, signal),
    async finish({ spec }) {
      const { finishPgdata } = await loadPgdata();
      const { major } = facts.installation;
      const { mode, databricksSettings } = spec;
      warnAll(
        await finishPgdata({
          pgdata,
          owner,
          major,
          mode: mode.kind,
          hbaMethod: facts.pgHbaMethod,
          databricks: databricksSettings,
        }),
      );
    },
    async holdConnections() {
      const { editFile } = await loadPgdata();
      await editFile(hba, owner, (text) => {
        accessRules = text ?? "";
        return heldHba(accessRules, facts.connstr.user);
      });
    },
    async releaseConnections() {
      const { editFile } = await loadPgdata();
      await editFile(hba, owner, (text) => accessRules ?? text ?? "");
      accessRules = undefined;
    },
    async writeOverride(text) {
      await (await loadPgdata()).writeOverride(pgdata, text, owner);
    },
  };
}
