import { asObject } from "../../base/decode-structures.ts";
import { hexIdProblem } from "../../base/ids.ts";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import { isKey } from "../decode-jwk.ts";
import { shardIndexes } from "../pageserver-info.ts";
import { placeholder } from "../placeholder.ts";
import { safekeeperOfUrl } from "../safekeeper-list.ts";
import { itemsOf, type Mend, type Mended, memberOf, withMember } from "./document.ts";

/**
 * One oddity that is taken for what its writer meant (FIELD-1, FIELD-4, FIELD-8), with one warning; `--strict` switches all
 * of them off. Each has its test in `table.test.ts`, which does not compile without.
 */
export interface Repair {
  /** What is odd. */
  readonly name: string;
  /** In which inputs: any config, or only what a control plane answers. */
  readonly input: "any" | "control-plane";
  /** Where in a config; see `mendAt`. */
  readonly places: readonly string[];
  /**
   * `refused`: the original refuses the document, and so the repair is tried only after the strict reading has failed.
   * `useless`: the original reads it, but cannot work with it.
   */
  readonly original: "refused" | "useless";
  readonly mend: Mend;
}

const optionLists = ["spec.cluster.settings", "spec.cluster.roles[].options", "spec.cluster.databases[].options"];
const statusWords = ["empty", "attached"];

/** Every repair of a document, in the order in which they are made. */
export const repairTable = [
  {
    name: "spec members beside compute_ctl_config",
    input: "any",
    places: [""],
    original: "useless",
    mend: (config) => {
      const names = new Set(asObject(config)?.members.map(({ name }) => name));
      const astray = specMembers.filter((name) => names.has(name));
      const isWrapped = memberOf(config, "spec") !== undefined && memberOf(config, "spec") !== null;
      if (isWrapped || !names.has("compute_ctl_config") || astray.length === 0) return undefined;
      const found = `there is no spec, but ${astray.join(", ")} beside compute_ctl_config: waiting for a spec`;
      return { value: config, below: "", found, right: 'put the members of the spec into "spec": {…}' };
    },
  },
  {
    name: "missing suspend_timeout_seconds",
    input: "any",
    places: ["spec"],
    original: "refused",
    mend: ofObject((spec) => {
      if (memberOf(spec, "suspend_timeout_seconds") !== undefined) return undefined;
      const value = withMember(spec, "suspend_timeout_seconds", number("0"));
      const right = 'write "suspend_timeout_seconds": 0';
      return { value, below: ".suspend_timeout_seconds", found: "missing, taken as 0", right };
    }),
  },
  {
    name: "null for a list",
    input: "any",
    places: [
      "spec.features",
      "spec.safekeeper_connstrings",
      "spec.cluster.roles",
      "spec.cluster.databases",
      "spec.local_proxy_config.jwks[].role_names",
      "compute_ctl_config.jwks.keys",
    ],
    original: "refused",
    mend: (value) =>
      value === null ? whole({ kind: "array", items: [] }, "null, taken as []", "write []") : undefined,
  },
  {
    name: "unreadable key among good ones",
    input: "any",
    places: ["compute_ctl_config.jwks.keys"],
    original: "refused",
    mend: (value) => {
      const keys = itemsOf(value);
      const good = keys.filter(isKey);
      if (good.length === keys.length || good.length === 0) return undefined;
      const bad = keys.findIndex((key) => !isKey(key));
      const right = "leave it out, or give its type, curve and algorithm as RFC 7517 spells them";
      return { value: { kind: "array", items: good }, below: `[${bad}]`, found: "not a usable key, skipped", right };
    },
  },
  {
    name: "null for the mode",
    input: "any",
    places: ["spec.mode"],
    original: "refused",
    mend: (value) => (value === null ? whole("Primary", 'null, taken as "Primary"', 'write "Primary"') : undefined),
  },
  {
    name: "status word in another case",
    input: "control-plane",
    places: ["status"],
    original: "refused",
    mend: (value) => {
      const word = typeof value === "string" ? value.toLowerCase() : "";
      if (word === value || !statusWords.includes(word)) return undefined;
      return whole(word, `\`${String(value)}\`, taken as "${word}"`, `write "${word}"`);
    },
  },
  {
    name: "missing vartype",
    input: "any",
    places: optionLists.map((list) => `${list}[]`),
    original: "refused",
    mend: ofObject((option) => {
      const vartype = memberOf(option, "vartype") ?? null;
      if (vartype !== null || memberOf(option, "name") === undefined) return undefined;
      const value = withMember(option, "vartype", "string");
      const right = 'write "vartype": "string", or "integer", "bool", "enum", "real"';
      return { value, below: ".vartype", found: 'missing, taken as "string"', right };
    }),
  },
  {
    name: "number for the text of a value",
    input: "any",
    places: optionLists.map((list) => `${list}[].value`),
    original: "refused",
    mend: (value) => {
      const text = typeof value === "object" && value?.kind === "number" ? value.text : undefined;
      return text === undefined ? undefined : whole(text, `the number ${text}, taken as text`, `write "${text}"`);
    },
  },
  {
    name: "shard key without padding",
    input: "any",
    places: ["spec.pageserver_connection_info"],
    original: "refused",
    mend: ofObject(padShardKeys),
  },
  {
    name: "id with dashes",
    input: "any",
    places: ["spec.tenant_id", "spec.timeline_id"],
    original: "refused",
    mend: undashed,
  },
  {
    name: "setting neon.tenant_id with dashes",
    input: "any",
    places: ["spec"],
    original: "useless",
    mend: ofObject((spec) => undashSetting(spec, "tenant_id")),
  },
  {
    name: "setting neon.timeline_id with dashes",
    input: "any",
    places: ["spec"],
    original: "useless",
    mend: ofObject((spec) => undashSetting(spec, "timeline_id")),
  },
  {
    name: "empty password",
    input: "any",
    places: ["spec.cluster.roles[].encrypted_password"],
    original: "useless",
    mend: (value) => (value === "" ? whole(null, "empty, taken as no password", "write null") : undefined),
  },
  {
    name: "safekeeper as a URL",
    input: "any",
    places: ["spec.safekeeper_connstrings[]"],
    original: "useless",
    mend: (value) => {
      const hostPort = typeof value === "string" ? safekeeperOfUrl(value) : undefined;
      return hostPort === undefined ? undefined : whole(hostPort, `a URL, taken as ${hostPort}`, `write "${hostPort}"`);
    },
  },
  {
    name: "setting with safekeepers as URLs",
    input: "any",
    places: ["spec.cluster.settings[]"],
    original: "useless",
    mend: ofObject((setting) => {
      const value = memberOf(setting, "value");
      if (memberOf(setting, "name") !== "neon.safekeepers" || typeof value !== "string") return undefined;
      const entries = value.split(",");
      if (entries.every((entry) => safekeeperOfUrl(entry) === undefined)) return undefined;
      const text = entries.map((entry) => safekeeperOfUrl(entry) ?? entry).join(",");
      const found = `URLs in neon.safekeepers, taken as ${text}`;
      return { value: withMember(setting, "value", text), below: ".value", found, right: `write "${text}"` };
    }),
  },
] as const satisfies readonly Repair[];

/** The names of all repairs. */
export type RepairName = (typeof repairTable)[number]["name"];

/** By which a spec without its wrapper is known. */
const specMembers = ["cluster", "tenant_id", "timeline_id", "format_version", "suspend_timeout_seconds", "mode"];

function number(text: string): JsonValue {
  return { kind: "number", text };
}

function whole(value: JsonValue, found: string, right: string): Mended {
  return { value, below: "", found, right };
}

function ofObject(mend: (object: JsonObject) => Mended | undefined): Mend {
  return (value) => {
    const object = asObject(value);
    return object === undefined ? undefined : mend(object);
  };
}

function undashed(value: JsonValue | undefined): Mended | undefined {
  if (typeof value !== "string" || !value.includes("-") || placeholder.test(value)) return undefined;
  const id = value.replaceAll("-", "");
  return hexIdProblem(id) === undefined ? whole(id, `\`${value}\`, taken as ${id}`, `write "${id}"`) : undefined;
}

/** The setting counts, and fails the original, only where the spec's own member is missing (SPEC-41). */
function undashSetting(spec: JsonObject, id: "tenant_id" | "timeline_id"): Mended | undefined {
  const cluster = memberOf(spec, "cluster");
  const settings = memberOf(cluster, "settings");
  if ((memberOf(spec, id) ?? null) !== null || cluster === undefined) return undefined;
  const items = itemsOf(settings);
  const index = items.findIndex((setting) => memberOf(setting, "name") === `neon.${id}`);
  const [setting, object] = [asObject(items[index] ?? null), asObject(cluster)];
  const mended = undashed(memberOf(items[index], "value"));
  if (mended === undefined || setting === undefined || object === undefined) return undefined;
  const list: JsonValue = { kind: "array", items: items.with(index, withMember(setting, "value", mended.value)) };
  const value = withMember(spec, "cluster", withMember(object, "settings", list));
  return { ...mended, value, below: `.cluster.settings[${index}].value` };
}

/** Keys such as `0`, where the padded one is a shard's; what else they could mean is left to the hint. */
function padShardKeys(info: JsonObject): Mended | undefined {
  const count = memberOf(info, "shard_count");
  const shards = asObject(memberOf(info, "shards") ?? null);
  const countText = typeof count === "object" && count?.kind === "number" ? count.text : "";
  if (shards === undefined || !/^\d{1,3}$/.test(countText) || Number(countText) > 255) return undefined;
  const wanted = new Set(shardIndexes(Number(countText)));
  const taken = new Set(shards.members.map(({ name }) => name.toLowerCase()));
  const changes = new Map<string, string>();
  for (const { name } of shards.members) {
    const padded = name.toLowerCase().padStart(4, "0");
    if (/^[0-9a-f]{1,3}$/i.test(name) && wanted.has(padded) && !taken.has(padded)) changes.set(name, padded);
  }
  const [first] = changes;
  if (first === undefined) return undefined;
  const members = shards.members.map(({ name, value }) => ({ name: changes.get(name) ?? name, value }));
  const [name, padded] = first;
  return {
    value: withMember(info, "shards", { kind: "object", members }),
    below: `.shards.${name}`,
    found: `the key \`${name}\`, taken as ${padded}`,
    right: `write "${padded}": two hex digits of the shard's number, two of the shard count`,
  };
}
