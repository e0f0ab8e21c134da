/** A request target, cut at its first `?`. */
export interface Target {
  readonly path: string;
  /** The text after the `?`; undefined without one, empty for a bare one. */
  readonly query: string | undefined;
}

const schemeAndHost = /^https?:\/\/[^/?#]*/i;

/** Splits a request target; of the absolute form that proxies send, scheme and host are dropped. Nothing is decoded. */
export function splitTarget(target: string): Target {
  const [local = ""] = target.replace(schemeAndHost, "").split("#", 1);
  const mark = local.indexOf("?");
  return mark < 0 ? { path: local, query: undefined } : { path: local.slice(0, mark), query: local.slice(mark + 1) };
}
