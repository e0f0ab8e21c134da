import type { Owner } from "../base/owner.ts";
import type { PgdataPort } from "../compute/ports.ts";
import type { Facts, Surroundings } from "./facts.ts";
import { loadLeftoverPostmaster, loadPgdata, loadTls } from "./load.ts";

/**
 * The data directory on disk.
 * @param removals gets a promise for every old directory that is deleted meanwhile
 */
export function pgdataPort(facts: Facts, { log }: Surroundings, removals: Promise<void>[]): PgdataPort {
  const { pgdata, lakebasePort } = facts.settings;
  const owner: Owner | null = facts.osUser;
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
    async writeConf(text) {
      return (await loadPgdata()).writePostgresqlConf(pgdata, text, owner);
    },
    async copyTlsFiles(paths, signal) {
      await (await loadTls()).installTls({ paths, pgdata, owner, log, signal });
    },
    async finish({ spec }) {
      const { finishPgdata } = await loadPgdata();
      const { major } = facts.installation;
      const { mode, databricksSettings } = spec;
      warnAll(
        await finishPgdata({ pgdata, owner, major, mode: mode.kind, hbaMethod: "md5", databricks: databricksSettings }),
      );
    },
    async writeOverride(text) {
      await (await loadPgdata()).writeOverride(pgdata, text, owner);
    },
  };
}
