import { once } from "../base/once.ts";
import type { CatalogQueries } from "../compute/catalog-queries.ts";
import type { Metrics } from "../metrics/registry.ts";
import { childEnvironment } from "../postgres/command.ts";
import type { Extensions } from "./extensions.ts";
import type { Facts, Surroundings } from "./facts.ts";
import { loadCatalogVisits, loadDumpSchema } from "./load.ts";
import { noteOwnSession, ownSessions } from "./open-session.ts";

/** What routes ask of the catalog. */
export function catalogQueries(
  facts: Facts,
  { log }: Surroundings,
  beforeCreate: Extensions["beforeCreate"],
): CatalogQueries {
  const openSession = ownSessions(facts);
  const dumpSchema = once(async () => {
    const { bindir } = facts.installation;
    const { connstr, osUser: owner } = facts;
    const environment = childEnvironment({ environment: facts.environment, home: owner?.home ?? null });
    const onSession = (database: string): (() => void) => noteOwnSession(facts, database);
    const dumpFacts = { bindir, connstr, environment, owner, onSession };
    return (await loadDumpSchema()).createDumpSchema(dumpFacts, log.span("dump_schema"));
  });
  return {
    list: async (signal) => (await loadCatalogVisits()).listCatalog(openSession, signal),
    dumpSchema: async (database, signal) => (await dumpSchema())(database, signal),
    checkWritability: async (signal) => (await loadCatalogVisits()).probeWrite(openSession, log, signal),
    insights: async (signal) => (await loadCatalogVisits()).collectInsights(openSession, log, signal),
    async installExtension(wanted, signal) {
      await beforeCreate(wanted.extension, wanted.version, signal);
      await (await loadCatalogVisits()).provideExtension(openSession, wanted, signal);
    },
    grantOnSchema: async (grant, signal) => (await loadCatalogVisits()).provideGrant(openSession, grant, signal),
  };
}

/** One collection of the installed extensions: their metric is made anew from what is found (CAT-10, T21). */
export function extensionCollector(
  facts: Facts,
  { log }: Surroundings,
  metrics: Metrics,
): (signal: AbortSignal) => Promise<void> {
  const openSession = ownSessions(facts);
  return async (signal) => {
    const { countExtensions } = await loadCatalogVisits();
    const extensions = await countExtensions(openSession, log.span("installed_extensions"), signal);
    const samples = extensions.map(({ name, version, ownedBySuperuser, databases }) => ({
      labels: { extension_name: name, version, owned_by_superuser: ownedBySuperuser ? "1" : "0" },
      value: databases,
    }));
    metrics.replaceAll("compute_installed_extensions", samples);
  };
}
