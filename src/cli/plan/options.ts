import { checkedRoleName, type GivenOptions, readArguments, text, UsageError } from "../arguments.ts";
import type { OptionRow } from "../option-table.ts";

/** The options of `compute_ctl plan`. */
export const planOptionTable = [
  { name: "config", short: "c", value: "FILE", help: "the config, or bare spec, whose apply is to be planned" },
  {
    name: "connstr",
    short: "C",
    value: "URL",
    help: "the running Postgres to plan for; the session reads and changes nothing",
  },
  { name: "catalog", value: "FILE", help: "a catalog saved earlier, to plan for instead of a running Postgres" },
  {
    name: "save-catalog",
    value: "FILE",
    help: "save what was read from Postgres; the file holds password verifiers and is readable by its owner only",
  },
  {
    name: "privileged-role-name",
    value: "ROLE",
    default: "neon_superuser",
    help: "as for the compute itself",
  },
  { name: "lakebase-mode", help: "plan the lakebase phases as well" },
  { name: "strict", help: "read the config as the original does, without repairs" },
  { name: "json", help: "print JSON for programs" },
  { name: "help", short: "h", help: "print this text and exit" },
] as const satisfies readonly Omit<OptionRow, "group">[];

/** What is to be planned, and for which catalog. */
export interface PlanOptions {
  readonly config: string;
  readonly catalog:
    | { readonly kind: "server"; readonly connstr: string; readonly saveTo: string | null }
    | { readonly kind: "saved"; readonly path: string };
  readonly privilegedRoleName: string;
  readonly lakebase: boolean;
  readonly strict: boolean;
  readonly json: boolean;
}

type Given = GivenOptions<(typeof planOptionTable)[number]["name"]>;

/** Reads the command line of `compute_ctl plan`; null when it asks for help. @throws UsageError */
export function readPlanOptions(argv: readonly string[]): PlanOptions | null {
  const given: Given = readArguments(argv, planOptionTable);
  if (given.has("help")) return null;
  const config = text(given, "config");
  if (config === undefined) throw new UsageError("the argument '--config <FILE>' is required");
  const privilegedRoleName = checkedRoleName(text(given, "privileged-role-name") ?? "neon_superuser");
  return {
    config,
    catalog: readCatalogSource(given),
    privilegedRoleName,
    lakebase: given.has("lakebase-mode"),
    strict: given.has("strict"),
    json: given.has("json"),
  };
}

function readCatalogSource(given: Given): PlanOptions["catalog"] {
  const [connstr, path, saveTo] = [text(given, "connstr"), text(given, "catalog"), text(given, "save-catalog")];
  if (connstr !== undefined && path !== undefined) {
    throw new UsageError("the argument '--connstr' cannot be used with '--catalog'");
  }
  if (connstr !== undefined) return { kind: "server", connstr, saveTo: saveTo ?? null };
  if (path === undefined) throw new UsageError("one of --connstr or --catalog is required: plan for which catalog?");
  if (saveTo !== undefined) throw new UsageError("the argument '--save-catalog' goes with '--connstr'");
  return { kind: "saved", path };
}
