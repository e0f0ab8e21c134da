import type { Route, ServerName } from "./route.ts";

/** The routes of one path. */
interface PathEntry {
  readonly byMethod: ReadonlyMap<string, Route>;
  /** The value of the `Allow` header. */
  readonly allow: string;
}

/** One server's routes by path. */
export type RouteTable = ReadonlyMap<string, PathEntry>;

/** What a method and a path lead to: a route, a 404 or a 405. */
export type Match =
  | { readonly kind: "route"; readonly route: Route }
  | { readonly kind: "unknown-path" }
  | { readonly kind: "wrong-method"; readonly allow: string };

/** The order in which `Allow` names methods (HTTP-12). */
const methodOrder = ["GET", "HEAD", "POST", "DELETE"];

/** The table of the routes that belong to `server`. */
export function createRouteTable(server: ServerName, routes: readonly Route[]): RouteTable {
  const own = routes.filter((route) => route.server === server);
  return new Map([...Map.groupBy(own, (route) => route.path)].map(([path, group]) => [path, pathEntry(group)]));
}

/** Looks a request up, byte for byte (HTTP-10 to HTTP-13). */
export function findRoute(table: RouteTable, method: string, path: string): Match {
  const entry = table.get(path);
  if (entry === undefined) return { kind: "unknown-path" };
  const route = entry.byMethod.get(method);
  return route === undefined ? { kind: "wrong-method", allow: entry.allow } : { kind: "route", route };
}

function pathEntry(routes: readonly Route[]): PathEntry {
  const byMethod = new Map<string, Route>(routes.map((route) => [route.method, route]));
  const get = byMethod.get("GET");
  if (get !== undefined) byMethod.set("HEAD", get);
  return { byMethod, allow: methodOrder.filter((method) => byMethod.has(method)).join(",") };
}
