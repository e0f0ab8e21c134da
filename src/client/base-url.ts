/** The token cannot be in the URL, and nothing is appended to a query or a fragment. */
const unwanted = ["username", "password", "search", "hash"] as const;

/**
 * Checks the address of an API, such as `http://127.0.0.1:3080`, `http://[::1]:3080` or `http://proxy/compute-7`.
 * @throws TypeError when it is not the http:// URL of a server; the message does not repeat it, for it may hold a password
 */
export function parseBaseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || url.protocol !== "http:") {
    throw new TypeError("the address of a compute is an http:// URL, such as http://127.0.0.1:3080");
  }
  const part = unwanted.find((name) => url[name] !== "");
  if (part !== undefined) throw new TypeError(`the address of a compute has no ${part === "search" ? "query" : part}`);
  return url;
}

/** The URL of a route below the address, with those parameters that have a value. */
export function routeUrl(base: URL, path: string, query: Query = {}): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, "")}${path}`;
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

/** Parameters of a query, by name. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;
