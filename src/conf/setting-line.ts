import { confValue } from "../base/quoting.ts";
import type { GenericOption } from "../spec/types.ts";

// What Postgres reads without quotes: a word, a number with a unit, a decimal fraction.
const bareValue = /^(?:[a-z_][\w.:/-]*|[+-]?(?:0x[\da-f]+|\d+)[a-z]*|[+-]?(?:\d+\.\d*|\.\d+)(?:e[+-]?\d+)?)$/i;
const settingName = /^[a-z_\u0080-\uffff][\w$\u0080-\uffff]*(?:\.[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)*$/i;

/**
 * One setting as a line of postgresql.conf, without its newline (CONF-14): a null value gives the bare name. A value of
 * any type is quoted unless it is a plain word or number, so that it can never reach past its line (CONF-T3).
 */
export function renderSetting({ name, value, vartype }: GenericOption): string {
  if (value === null) return name;
  return `${name} = ${vartype !== "string" && bareValue.test(value) ? value : confValue(value)}`;
}

/** Why a setting cannot stand in postgresql.conf, as the end of a sentence; undefined when it can (CONF-T2, CONF-T3). */
export function settingFlaw({ name, value }: GenericOption): string | undefined {
  if (!settingName.test(name)) return "its name is not one that Postgres can read";
  if (value === null) return "it has no value";
  return value.includes("\0") ? "its value has a zero byte" : undefined;
}
