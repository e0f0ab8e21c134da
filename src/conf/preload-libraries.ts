import { findSetting } from "../spec/find-setting.ts";
import type { Cluster } from "../spec/types.ts";
import { lastValueOf } from "./conf-text.ts";

/** The setting that names the libraries which Postgres loads when it starts. */
export const preloadSetting = "shared_preload_libraries";

/**
 * The list of preloaded libraries as the cluster configures it: that of its settings, else that of its postgresql_conf
 * (CONF-21, CONF-T5); undefined when neither has one.
 */
export function configuredLibraries({ settings, postgresqlConf }: Cluster): string | undefined {
  return findSetting(settings, preloadSetting) ?? lastValueOf(postgresqlConf ?? "", preloadSetting);
}

/** Whether the cluster's configuration makes Postgres load this library when it starts. */
export function preloadsLibrary(cluster: Cluster, library: string): boolean {
  return splitLibraries(configuredLibraries(cluster) ?? "").some((entry) => libraryName(entry) === library);
}

/** The library that an entry of the list names: no blanks, double quotes or `$libdir/` around it. */
export function libraryName(entry: string): string {
  return entry
    .trim()
    .replace(/^"(.*)"$/, "$1")
    .replace(/^\$libdir\//, "");
}

/** The entries of a list of libraries, as they are written; empty ones are left out. */
export function splitLibraries(list: string): readonly string[] {
  return list.split(",").filter((entry) => entry.trim() !== "");
}

/**
 * The list with each of `required` in it by its whole name, in an order in which pgauditlogtofile finds pgaudit loaded
 * (CONF-T5). A list that already is so comes back unchanged.
 */
export function withLibraries(list: string, required: readonly string[]): string {
  const entries = [...splitLibraries(list)];
  const indexOf = (name: string): number => entries.findIndex((entry) => libraryName(entry) === name);
  entries.push(...required.filter((name) => indexOf(name) < 0));
  const [audit, toFile] = [indexOf("pgaudit"), indexOf("pgauditlogtofile")];
  if (toFile >= 0 && audit > toFile) entries.splice(toFile, 0, ...entries.splice(audit, 1));
  return entries.join(",");
}
