/** Where traces go: nowhere, to a collector's URL, or nowhere because the setting is of no use. */
export type Destination =
  | { readonly kind: "off" }
  | { readonly kind: "collector"; readonly url: string }
  | { readonly kind: "unusable"; readonly problem: string };

const tracesVariable = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const generalVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

/**
 * Reads from the environment where traces go (LIFE-84): the endpoint for traces as it is, else the general one with
 * `v1/traces` behind its path. Nowhere without either, or when `OTEL_SDK_DISABLED` is exactly `true`.
 */
export function traceDestination(env: Readonly<Record<string, string | undefined>>): Destination {
  if (env["OTEL_SDK_DISABLED"] === "true") return { kind: "off" };
  const variable = (env[tracesVariable] ?? "").trim() === "" ? generalVariable : tracesVariable;
  const text = (env[variable] ?? "").trim();
  if (text === "") return { kind: "off" };
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    // The text is not repeated: there may be a password in it.
    return { kind: "unusable", problem: `${variable} is not an http:// or https:// URL` };
  }
  if (variable === generalVariable) url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/traces`;
  return { kind: "collector", url: url.href };
}
