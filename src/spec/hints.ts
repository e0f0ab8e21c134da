import { asObject } from "../base/decode-structures.ts";
import type { JsonValue } from "../base/json.ts";

/*
 * What to tell people whose input is refused in one of the usual ways (FIELD-5).
 */

/** For an id: dashes, or a template that nobody filled in. */
export function idHint(value: JsonValue): string | undefined {
  if (typeof value !== "string") return undefined;
  if (/\$\{|\{\{/.test(value)) return "this is a template's placeholder: replace it before handing the config over";
  return /^[0-9a-f-]+$/i.test(value) && value.includes("-") ? "write the id without dashes: 32 hex digits" : undefined;
}

/** For `mode`: a spelling that means one of the three. */
export function modeHint(value: JsonValue): string | undefined {
  const spelling = typeof value === "string" ? value : asObject(value)?.members[0]?.name;
  const spelled = modeSpellings.find(({ word }) => word === spelling?.toLowerCase());
  return `write ${spelled === undefined ? modeSpellings.map(({ form }) => form).join(", or ") : spelled.form}`;
}

const modeSpellings = [
  { word: "primary", form: '"Primary"' },
  { word: "replica", form: '"Replica"' },
  { word: "static", form: '{"Static": "<LSN>"}' },
] as const;

/** For `cluster.settings`: an object of names and values. */
export function settingsHint(value: JsonValue): string | undefined {
  if (asObject(value) === undefined) return undefined;
  return 'settings are a list: [{"name": "port", "value": "5432", "vartype": "integer"}]';
}

/** For `jwks`: the bare list of keys. */
export function jwksHint(value: JsonValue): string | undefined {
  const isList = typeof value === "object" && value?.kind === "array";
  return isList ? 'put the list into an object: {"keys": […]}' : undefined;
}

/** For a whole config: a spec without its wrapper, or `jwks` in the wrong place. */
export function configHint(value: JsonValue): string | undefined {
  const names = new Set(asObject(value)?.members.map(({ name }) => name));
  if (names.has("cluster") && !names.has("spec"))
    return 'this is a bare spec: wrap it as {"spec": …, "compute_ctl_config": {"jwks": {"keys": […]}}}, or give it by -S';
  if (names.has("compute_ctl_config")) return undefined;
  const inner = '"compute_ctl_config": {"jwks": {"keys": […]}}';
  return names.has("jwks") ? `move jwks into ${inner}` : `add ${inner} beside "spec"`;
}
