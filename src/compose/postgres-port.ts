import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withDeadline } from "../base/deadline.ts";
import { describeError } from "../base/error-chain.ts";
import type { PostgresPort } from "../compute/ports.ts";
import type { SettingsWatch } from "../compute/settings-watch.ts";
import { effectiveSettings, maskedMessage } from "../conf/effective-settings.ts";
import { childEnvironment, postgresCommand } from "../postgres/command.ts";
import { ConfRefusedError } from "../postgres/conf-refused.ts";
import { socketLockPaths } from "../postgres/socket-lock.ts";
import type { DerivedSpec } from "../spec/types.ts";
import type { Facts, Surroundings } from "./facts.ts";
import { loadCatalog, loadParseConf, loadPostmaster, loadReload, loadSession } from "./load.ts";
import { ownSessions } from "./open-session.ts";

const aliveMsMax = 3_000;
/** Where a lakebase deployment keeps core files (LIFE-37). */
const lakebaseCoreFolder = "/databricks/logs/brickstore";
/** From SIGQUIT to SIGKILL of a Postgres that did not heed a fast shutdown: a supervisor will not wait much longer (LIFE-36). */
const quitMsMax = 1_000;

/** The Postgres of the installation that was found. */
export function postgresPort(
  facts: Facts,
  { log, onPostgresRecords }: Surroundings,
  watch: SettingsWatch,
): PostgresPort {
  const { settings, installation, osUser: owner } = facts;
  const { pgdata } = settings;
  const home = owner?.home ?? null;
  return {
    async checkConf(text, signal) {
      const { parseConf } = await loadParseConf();
      const settings = effectiveSettings(text);
      const lineOf = (name: string): number | null =>
        settings.find((setting) => setting.name.toLowerCase() === name.toLowerCase())?.line ?? null;
      const env = childEnvironment({ environment: facts.environment, home });
      const input = { pgbin: installation.pgbin, owner, env, text, names: [], lineOf, signal };
      // What has no line may be the fault of the folder in which the text is parsed: a file that it includes is not there.
      const verdict = await parseConf(input).catch((error: unknown) => {
        signal.throwIfAborted();
        // A check that cannot be made is no reason to refuse: the server itself has the last word.
        log.warn(`cannot have Postgres check its new settings beforehand: ${describeError(error)}`);
        return { problems: [] };
      });
      const lines = text.split("\n");
      const refused = verdict.problems.flatMap((problem) => {
        const { setting, line, message } = problem;
        return line === null ? [] : [{ ...problem, message: maskedMessage(setting, lines[line - 1], message) }];
      });
      if (refused.length > 0) throw new ConfRefusedError(refused);
    },
    async start(spec) {
      const { startPostmaster, stopPostmaster, quitPostmaster, removeStaleSocketLocks } = await loadPostmaster();
      const conf = settingValues(readFileSync(join(pgdata, "postgresql.conf"), "utf8"));
      await removeStaleSocketLocks(socketLockPaths(conf), log);
      const { command, args, env } = postgresCommand({
        pgbin: installation.pgbin,
        pgdata,
        memoryCgroup: facts.memoryCgroup,
        environment: facts.environment,
        storageAuthToken: spec.storageAuthToken,
        home,
        databricks: settings.lakebasePort === null ? null : databricksFacts(facts, spec),
      });
      const postmaster = await startPostmaster(
        { command, args, env, cwd: pgdata, owner, pgdata, onRecords: onPostgresRecords },
        // Nothing but the end of Postgres ends this wait: whoever gives up stops the process.
        { log: log.span("start_postgres"), signal: new AbortController().signal },
      );
      const { pid, ready, exited } = postmaster;
      ready.catch(async () => {
        if (!postmaster.lastRecords().some((record) => record.includes("Address already in use"))) return;
        const port = Number(conf.get("port") ?? 5432);
        const { portOwner } = await import("../http/do/port-owner.ts");
        const owner = await portOwner(port);
        if (owner !== undefined) log.error(`port ${port}, which Postgres is to listen on, is held by ${owner}`);
      });
      return {
        pid,
        ready,
        exited,
        async reload(signal) {
          const { reloadConfiguration } = await loadReload();
          await reloadConfiguration(() => postmaster.kill("SIGHUP"), ownSessions(facts), { log, signal }, watch.follow);
        },
        stop: async (fastMs) => void (await stopPostmaster(postmaster, { fastMs, quitMs: quitMsMax }, log)),
        quit: () => quitPostmaster(postmaster, log),
      };
    },
    warmSession() {
      loadCatalog().catch(() => {});
      void loadSession().then(
        ({ warmSession }) => warmSession(),
        () => {},
      );
    },
    async warmUp(signal) {
      if (settings.lakebasePort !== null) return;
      const { warmUp } = await import("../postgres/do/warm-up.ts");
      const env = childEnvironment({ environment: facts.environment, home });
      await warmUp({ installation, pgdata, owner, env }, { log: log.span("warm_up"), signal });
    },
    async reportCores() {
      const { reportCoreDumps } = await import("../postgres/do/core-dumps.ts");
      const folder = settings.lakebasePort === null ? pgdata : lakebaseCoreFolder;
      await reportCoreDumps(folder, installation.pgbin, log);
    },
    async checkAlive(signal) {
      const open = ownSessions(facts, aliveMsMax);
      await withDeadline("connecting to Postgres", aliveMsMax, signal, async () => {
        await (await open({ purpose: "liveness_probe" })).close();
      });
    },
  };
}

function databricksFacts(facts: Facts, { spec }: DerivedSpec) {
  const [endpoint = ""] = facts.computeId.split("/");
  return {
    endpointId: facts.instanceId ?? endpoint,
    workspaceHost: spec.databricksSettings?.workspaceHost ?? "",
  };
}

/** The settings of a configuration text, by their names in lower case. */
function settingValues(text: string): ReadonlyMap<string, string> {
  return new Map(effectiveSettings(text).map(({ name, value }) => [name.toLowerCase(), value]));
}
