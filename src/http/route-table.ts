import type { Route, ServerName } from "./route.ts";

/** The routes of one path. */
interface PathEntry {
  /** As in the routes' records. */
  readonly path: string;
  readonly byMethod: ReadonlyMap<string, Route>;
  /** The value of the `Allow` header. */
  readonly allow: string;
}

/** One server's routes. */
export interface RouteTable {
  readonly byPath: ReadonlyMap<string, PathEntry>;
  /** Those whose path ends in a name in braces, by what stands before it. */
  readonly byPrefix: ReadonlyMap<string, PathEntry>;
}

/** What a method and a path lead to: a route, a 404 or a 405. */
export type Match =
  | {
      readonly kind: "route";
      readonly route: Route;
      /** What stands for the name in braces, as sent; empty for a path without one. */
      readonly rest: string;
    }
  | { readonly kind: "unknown-path" }
  | { readonly kind: "wrong-method"; readonly path: string; readonly allow: string };

/** The order in which `Allow` names methods (HTTP-12). */
const methodOrder = ["GET", "HEAD", "POST", "DELETE"];

/** The table of the routes that belong to `server`. */
export function createRouteTable(server: ServerName, routes: readonly Route[]): RouteTable {
  const own = routes.filter((route) => route.server === server);
  const byPath = new Map<string, PathEntry>();
  const byPrefix = new Map<string, PathEntry>();
  for (const [path, group] of Map.groupBy(own, (route) => route.path)) {
    const brace = path.indexOf("{");
    if (brace < 0) byPath.set(path, pathEntry(path, group));
    else byPrefix.set(path.slice(0, brace), pathEntry(path, group));
  }
  return { byPath, byPrefix };
}

/** Looks a request up, byte for byte (HTTP-10 to HTTP-13). */
export function findRoute({ byPath, byPrefix }: RouteTable, method: string, path: string): Match {
  const fixed = byPath.get(path);
  if (fixed !== undefined) return matchMethod(fixed, method, "");
  for (const [prefix, entry] of byPrefix) {
    if (path.startsWith(prefix) && path.length > prefix.length)
      return matchMethod(entry, method, path.slice(prefix.length));
  }
  return { kind: "unknown-path" };
}

function matchMethod({ path, byMethod, allow }: PathEntry, method: string, rest: string): Match {
  const route = byMethod.get(method);
  return route === undefined ? { kind: "wrong-method", path, allow } : { kind: "route", route, rest };
}

function pathEntry(path: string, routes: readonly Route[]): PathEntry {
  const byMethod = new Map<string, Route>(routes.map((route) => [route.method, route]));
  const get = byMethod.get("GET");
  if (get !== undefined) byMethod.set("HEAD", get);
  return { path, byMethod, allow: methodOrder.filter((method) => byMethod.has(method)).join(",") };
}
