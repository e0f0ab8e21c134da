import { findSetting } from "../spec/find-setting.ts";
import type { Cluster, RemoteExtensions } from "../spec/types.ts";
import { type Resolution, resolveRequest } from "./resolution.ts";

const setting = "shared_preload_libraries";
/** Libraries that are part of every Postgres of Neon's (EXT-22). */
const neverRemote: readonly string[] = ["neon", "databricks_auth"];

/**
 * The preloaded libraries that come from the gateway, in the order in which they are named, twice when they are named twice
 * (EXT-22): those of the first setting of that name, then those of the cluster's own configuration text. All others are
 * taken to be installed.
 */
export function remotePreloads(cluster: Cluster, { libraryIndex }: RemoteExtensions): readonly string[] {
  const lists = [findSetting(cluster.settings, setting) ?? "", listOfConf(cluster.postgresqlConf ?? "")];
  return lists
    .flatMap((list) => list.split(/[,' ]/))
    .filter((name) => name !== "" && !neverRemote.includes(name) && libraryIndex.has(name));
}

/** A preloaded library, and the extension that brings it. */
export interface Preload {
  readonly library: string;
  readonly extension: string;
}

/**
 * Finds the extensions of preloaded libraries (EXT-23).
 * @throws ForbiddenPreloadError for the first library that this compute may not have
 */
export function resolvePreloads(remote: RemoteExtensions, libraries: readonly string[]): readonly Preload[] {
  return libraries.map((library) => {
    const found: Resolution = resolveRequest(remote, { name: library, isLibrary: true });
    if (!found.ok) throw new ForbiddenPreloadError(found.message, library);
    return { library, extension: found.extension };
  });
}

/** The spec preloads a library of an extension that it does not let this compute have. */
export class ForbiddenPreloadError extends Error {
  readonly code = "FORBIDDEN_PRELOAD";
  readonly library: string;
  /** @param problem in the original's words, which come first (EXT-23) */
  constructor(problem: string, library: string) {
    super(
      `${problem}: ${setting} names library ${library}, whose extension the spec's remote_extensions does not offer; ` +
        "add it there, or take the library out",
    );
    this.name = "ForbiddenPreloadError";
    this.library = library;
  }
}

/** The value of the last line that sets the list. The original sees it only when written without blanks (trap 8). */
function listOfConf(text: string): string {
  const line = text.split("\n").findLast((candidate) => new RegExp(`^\\s*${setting}(?:\\s|=)`, "i").test(candidate));
  const value = line?.replace(/^\s*\w+\s*=?\s*/, "") ?? "";
  const quoted = /^'(?<list>[^']*)'/.exec(value)?.groups?.["list"];
  return (quoted ?? value.replace(/#.*/s, "")).replaceAll(/["\t\r]/g, " ");
}
