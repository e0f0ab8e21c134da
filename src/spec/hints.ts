import { asObject } from "../base/decode-structures.ts";
import type { DecodeProblem } from "../base/decoder.ts";
import type { JsonValue } from "../base/json.ts";
import { shardIndex } from "./pageserver-info.ts";
import { placeholder } from "./placeholder.ts";

/*
 * What to tell people whose input is refused in one of the usual ways (FIELD-5). What a person then reads stands in
 * test/golden/hints.txt.
 */

const keysExample = '"compute_ctl_config": {"jwks": {"keys": […]}}';
const unfilled = "this is a template's placeholder: replace it before handing the config over";

/** For an id: dashes. */
export function idHint(value: JsonValue): string | undefined {
  if (typeof value !== "string") return undefined;
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

/** For `jwks`: the bare list of keys, a single key, or an object without `keys`. */
export function jwksHint(value: JsonValue): string | undefined {
  if (typeof value === "object" && value?.kind === "array") return 'put the list into an object: {"keys": […]}';
  const names = namesIn(value);
  if (names === undefined) return 'write {"keys": […]}, or {"keys": []} for a compute that takes no token';
  if (names.has("keys")) return undefined;
  return names.has("kty")
    ? 'put the key into a list: {"keys": [{"kty": …}]}'
    : 'add "keys": […], or "keys": [] for a compute that takes no token';
}

/** For `compute_ctl_config`: `keys` one level too high, or nothing of the kind. */
export function computeCtlConfigHint(value: JsonValue): string | undefined {
  const names = namesIn(value);
  if (names === undefined) return `write ${keysExample}`;
  if (names.has("jwks")) return undefined;
  return names.has("keys") ? `move keys into ${keysExample}` : 'add "jwks": {"keys": […]}';
}

/** For a whole config: a spec without its wrapper, or `jwks` in the wrong place. */
export function configHint(value: JsonValue): string | undefined {
  const names = namesIn(value);
  if (names === undefined) return `a config is an object: {"spec": …, ${keysExample}}`;
  if (names.has("cluster") && !names.has("spec"))
    return `this is a bare spec: wrap it as {"spec": …, ${keysExample}}, or give it by -S`;
  if (names.has("compute_ctl_config")) return undefined;
  const inSpec = namesIn(asObject(value)?.members.find(({ name }) => name === "spec")?.value ?? null);
  if (inSpec?.has("compute_ctl_config") === true) return 'move compute_ctl_config out of "spec", beside it';
  if (names.has("jwks")) return `move jwks into ${keysExample}`;
  return names.has("keys") ? `move keys into ${keysExample}` : `add ${keysExample} beside "spec"`;
}

/** For a text that is not JSON: a placeholder that stood for a number or an object. */
export function syntaxHint(text: string): string | undefined {
  // One that stands in quotes is JSON, whatever else is wrong.
  const found = unquoted.exec(text)?.[1];
  if (found === undefined) return undefined;
  return `replace ${found.slice(0, placeholderShownMax)}, a template's placeholder, before handing the config over`;
}

const unquoted = new RegExp(`[:,[]\\s*(${placeholder.source})`);
const placeholderShownMax = 60;

/** The problems, with hints for the usual mistakes of any value beside those that have none yet. */
export function withValueHints(document: JsonValue, problems: readonly DecodeProblem[]): readonly DecodeProblem[] {
  return problems.map((problem) => {
    const hint = valueHint(document, problem);
    // A placeholder is the reason for whatever else is wrong with a value.
    return hint === undefined || (problem.hint !== undefined && hint !== unfilled) ? problem : { ...problem, hint };
  });
}

function valueHint(document: JsonValue, { path, message }: DecodeProblem): string | undefined {
  const value = valueAt(document, path);
  if (typeof value === "string" && placeholder.test(value)) return unfilled;
  const shard = /^(?:spec\.)?pageserver_connection_info\.shards\.([^.]+)$/.exec(path)?.[1];
  if (shard !== undefined) return shardHint(document, path.slice(0, path.lastIndexOf(".shards.")), shard);
  const found = /^invalid type: (?:integer|floating point|boolean) `([^`]+)`, expected a string$/.exec(message)?.[1];
  if (found !== undefined) return `write "${found}", with quotes`;
  if (/^invalid type(?:: (?:integer|floating point).*)?, expected a string$/.test(message))
    return "write it with quotes";
  const wantsBare = /^invalid type: string, expected (?:a number|a boolean|[ui]\d+|a nonzero u64)$/.test(message);
  const isBare = typeof value === "string" && /^(?:-?\d+(?:\.\d+)?|true|false)$/.test(value);
  return wantsBare && isBare ? `write ${value}, without quotes` : undefined;
}

/** For the key of a shard that is but its number. */
function shardHint(document: JsonValue, infoPath: string, key: string): string | undefined {
  const count = valueAt(document, `${infoPath}.shard_count`);
  const shardCount = typeof count === "object" && count?.kind === "number" ? Number(count.text) : Number.NaN;
  const number = Number(key);
  if (!Number.isInteger(number) || !(number >= 0 && number < Math.max(shardCount, 1) && shardCount <= 255))
    return undefined;
  const whose = shardCount === 0 ? "for a tenant without shards" : `for shard ${number} of ${shardCount}`;
  return `write "${shardIndex(number, shardCount)}" ${whose}`;
}

/** The value at a problem's path. Names with dots or brackets in them are found as well. */
function valueAt(value: JsonValue, path: string): JsonValue | undefined {
  if (path === "") return value;
  const [, index, rest = ""] = /^\[(\d+)\](.*)$/s.exec(path) ?? [];
  if (index !== undefined) {
    const item = typeof value === "object" && value?.kind === "array" ? value.items[Number(index)] : undefined;
    return item === undefined ? undefined : valueAt(item, rest);
  }
  const names = path.startsWith(".") ? path.slice(1) : path;
  for (const { name, value: member } of asObject(value)?.members ?? []) {
    const below = names.slice(name.length);
    if (!names.startsWith(name) || !/^(?:$|[.[])/.test(below)) continue;
    const found = valueAt(member, below);
    if (found !== undefined) return found;
  }
  return undefined;
}

function namesIn(value: JsonValue): ReadonlySet<string> | undefined {
  const object = asObject(value);
  return object && new Set(object.members.map(({ name }) => name));
}
